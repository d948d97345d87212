// Makes the minified Espruino bundle out of the plain one. What terser does not do by itself: short names for internal properties,
// methods that are called once in their place, one name for `this`, one for undefined. It changes nothing that a user of the bundle can see.

import { parse } from "acorn";
import { minify } from "terser";
import { captureThis } from "./arrows.mjs";
import { inlineMethods } from "./inline.mjs";
import { children } from "./tree.mjs";

/**
 * Properties without a "_" that only the driver itself uses: between its classes, never an option, a method, an event's value
 * or an error's field of the contract, and never something of Espruino's; and of the ports that the target itself supplies. A public
 * name in this list breaks the bundle.
 */
export const INTERNAL = (
  "idles saveBattery lookAgain held upload stall trouble waits enterPin judgeNetwork " +
  "session modemSays runScript proceed enterStep judge judgeSim judgeMore pollOrFail framer filters framed forget link outbox clients noteHandover handoverKey explain enter scriptSilent scriptFailed scriptDone isFree isRestless stateIs arouse spares rouses " +
  "overrun strict linkOver linkUp begin restoreKept phase composed limits final modemFailed modemReady modemLost " +
  "silence waiting isBusy keepPacket forgetPacket changeFilters packets endAll checkSoon nextId refuse drained starts " +
  "check ask size info rate changed left again tries sync createClient sent setRate sending " +
  "inbox offers recover takesOver unproven discredited order add open send need counter counted stamp receive measure expect " +
  "limit isUrc guard prefix sink byteTime unechoed threw hurried proves repeats continues bytesLost unsure expects asked quiet echoed late mute count seen steady prepare causes complete clash source field level sum " +
  "clear abort overran readKept topicFilters verdictsLost linkGone linkThere dial hangUp heard hasLasted stepsIn startUp shutDown rouse stepBegins listenerThrew knows allLost secured modemBooted allow owed attend " +
  "settled resends proof which called escape told grace overdue rows pdpTries taking registration attached " +
  "text done lost failed secure uses toBytes toBase64 fromBase64 toText toPayload setBaud onReceive onOverrun after cancel"
).split(" ");

/** From so many uses on, a name for `this` is shorter: `const t=this;` has 13 characters, each use saves 3. */
const OFTEN = 4;

/** The name that stands for undefined: `void 0` is longer, and `undefined` longer still. */
const NOTHING = "_";

/** Letters in the order in which names get them, those that are frequent in code first: that packs best. */
const LETTERS = [..."tiseonrchaldupfmgvybwkxTSCEPARMIDLNOFUQBHGKWVYzjqXZJ$_"];

/** What the names of properties look like that only the driver knows. */
export const INTERNAL_NAME = new RegExp(`^(_.*|${INTERNAL.join("|")})$`);

/** Words that Espruino does not take for the name of a method. */
const WORDS = ["do", "if", "in", "of"];

/** The property a node names, if it does. */
function propertyOf(node) {
  if (node.computed) return undefined;
  if (node.type === "MemberExpression") return node.property.name;
  if (node.type === "Property" || node.type === "MethodDefinition") return node.key.name ?? String(node.key.value);
  return undefined;
}

/**
 * Short names for the internal properties of a program, the most frequent ones first. Properties that begin with "_" belong to
 * the class that mentions them, so two classes without a common ancestor can use the same short name.
 * @param {string[]} [first] names that all classes share, from the most frequent on
 * @param {Map<string, number>} [weights] what each use of a name counts for, all of them together; names that are not there get no short one
 * @returns {{ [name: string]: string }}
 */
export function shortNames(code, first = [], weights = undefined) {
  const parents = new Map();
  /** For each property its number of uses, and the classes that mention it; "" stands for all. */
  const internal = new Map();
  const taken = new Map();
  const visit = (node, owner) => {
    let inside = owner;
    if (node.type === "ClassDeclaration" || node.type === "ClassExpression") {
      inside = node.id.name;
      if (node.superClass) parents.set(inside, node.superClass.name);
    }
    const name = propertyOf(node);
    if (name !== undefined && !INTERNAL_NAME.test(name)) taken.set(name, new Set([""]));
    else if (name !== undefined) {
      const entry = internal.get(name) ?? { uses: 0, classes: new Set() };
      entry.uses++;
      entry.classes.add(name.startsWith("_") ? inside : "");
      internal.set(name, entry);
    }
    for (const child of children(node)) visit(child, inside);
  };
  visit(parse(code, { ecmaVersion: 2022, sourceType: "script" }), "");

  if (weights)
    for (const [name, entry] of internal)
      if (weights.has(name)) entry.uses = weights.get(name);
      else internal.delete(name);
  const ancestor = (name) => (parents.has(name) ? ancestor(parents.get(name)) : name);
  const free = (name, classes) => {
    const used = taken.get(name);
    if (!used) return true;
    return !used.has("") && !classes.has("") && ![...classes].some((one) => used.has(one));
  };
  const candidates = [...LETTERS, ...LETTERS.flatMap((first) => LETTERS.map((second) => first + second))].filter(
    (name) => !WORDS.includes(name),
  );
  const short = {};
  for (const name of first)
    internal.set(name, { uses: internal.get(name)?.uses ?? Number.POSITIVE_INFINITY, classes: new Set([""]) });
  for (const [name, { classes }] of [...internal].sort((a, b) => b[1].uses - a[1].uses)) {
    const roots = new Set([...classes].map(ancestor));
    short[name] = candidates.find((one) => free(one, roots));
    taken.set(short[name], new Set([...(taken.get(short[name]) ?? []), ...roots]));
  }
  return short;
}

/** What a byte counts for that is loaded, and is not packed. */
const LOADED = 4;

/**
 * How much the internal names of a program weigh that functions were moved out of.
 * @param {(node: object) => boolean} isMoved whether a statement is what such a function became
 */
export function weightsOf(code, isMoved) {
  const weights = new Map();
  const visit = (node, weight) => {
    const name = propertyOf(node);
    if (name !== undefined && INTERNAL_NAME.test(name)) weights.set(name, (weights.get(name) ?? 0) + weight);
    for (const child of children(node)) visit(child, weight);
  };
  for (const node of parse(code, { ecmaVersion: 2022, sourceType: "script" }).body)
    visit(node, isMoved(node) ? 1 : LOADED);
  return weights;
}

/** Replaces `void 0` by a variable that has no value: the first of the module, so that it is found at once. */
export function nameUndefined(code) {
  const places = [];
  const visit = (node) => {
    if (node.type === "UnaryExpression" && node.operator === "void" && node.argument.value === 0) places.push(node);
    else for (const child of children(node)) visit(child);
  };
  visit(parse(code, { ecmaVersion: 2022, sourceType: "script" }));
  let out = code;
  for (const { start, end } of places.sort((a, b) => b.start - a.start))
    out = out.slice(0, start) + NOTHING + out.slice(end);
  return `let ${NOTHING};${out}`;
}

/**
 * Terser, with the short names of `shortNames`.
 * @param {string[]} reserved names of variables that are left as they are and given to no other
 */
export async function shrink(code, names, reserved) {
  const props = Object.fromEntries(Object.entries(names).map(([name, short]) => [`$${name}`, short]));
  const { code: small } = await minify(code, {
    ecma: 2015,
    toplevel: true,
    // Espruino hoists nothing by itself. No getter of the driver does more than to get.
    compress: { hoist_funs: true, passes: 3, pure_getters: true },
    mangle: { reserved, properties: { regex: INTERNAL_NAME, builtins: true } },
    nameCache: { props: { props } },
    format: { comments: false, ascii_only: true },
  });
  return small;
}

/** The plugin, for an output of its own. */
export function espruinoMinify() {
  return {
    name: "espruino-minify",
    async renderChunk(plain) {
      const code = captureThis(inlineMethods(plain), OFTEN);
      return { code: nameUndefined(await shrink(code, shortNames(code), [NOTHING])), map: null };
    },
  };
}
