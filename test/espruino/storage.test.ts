// The files that go into Storage: their list, what stops a wrong one, and the packing of what is evaluated when it is called. That the
// driver works from them is shown by bundle.test.ts and on the engine.

import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import vm from "node:vm";
import test from "ava";
import fc from "fast-check";
import { HEAD } from "../../flash/board/storage.js";
import { espruino, fileList, fileOf, stop } from "./stand-in.js";

const root = new URL("../../../", import.meta.url);
const script = (name: string) => import(new URL(`scripts/espruino/${name}.mjs`, root).href);

const { GUARD } = (await script("layout")) as { GUARD: string };
const { tokenise } = (await script("tokenise")) as { tokenise(code: string): string };
const { pagesOf } = (await script("pages")) as {
  pagesOf(dictionary: string, texts: { text: string; first: boolean }[]): number[][];
};
const { dropScopes, droppedScopes } = (await script("scopes")) as {
  dropScopes(code: string, runtime: string[]): string;
  droppedScopes(code: string): number;
};
const { makeDictionary, pack, packDictionary, packPage } = (await script("squeeze")) as {
  makeDictionary(texts: string[], size: number): string;
  pack(dictionary: string, text: string): string;
  packDictionary(dictionary: string): { dictionary: string; packed: string };
  packPage(dictionary: string, text: string, length: number): { packed: string; first: number };
};

test.afterEach.always(stop);

test("parts.json lists each file with its name in Storage, its forms, its part and its bytes", (t) => {
  const folder = path.join(new URL("dist/espruino", root).pathname);
  t.is(fileList.files[0]!.name, "M95");
  for (const { name, file, plain, part, bytes } of fileList.files) {
    // What Storage takes.
    t.true(name.length <= 28, name);
    t.is(name, part === "core" ? "M95" : `M95-${part}`);
    t.is(statSync(path.join(folder, file)).size, bytes, name);
    t.true(statSync(path.join(folder, plain)).size > 0, name);
  }
  const names = fileList.files.map(({ name }) => name);
  for (const [example, set] of Object.entries(fileList.sets)) {
    t.is(set[0], "M95", example);
    for (const name of set) t.true(names.includes(name), `${example}: ${name}`);
  }
  // Tools are no part of the driver.
  const tools = fileList.files.filter(({ tool }) => tool).map(({ name }) => name);
  t.deepEqual(tools, ["M95-workbench"]);
  t.deepEqual(
    fileList.sets.all,
    names.filter((name) => !tools.includes(name)),
  );
});

test("what a part exports stands in its own file, and the driver's has nothing of it", (t) => {
  const code = (name: string) => fileOf(name).split("\0")[0]!;
  t.regex(code("M95-sleep"), /^exports\.cycle=function\(j,q\)\{return j\.\w+\(-\d+,j,q\)\};$/);
  t.notRegex(code("M95"), /cycle/);
});

test("an example's set has the parts that its options ask for", (t) => {
  const asks: { [part: string]: RegExp } = {
    power: /board:/,
    tls: /\btls:/,
    store: /\bstore:/,
    info: /\.(identity|command)\(/,
    sleep: /\bcycle\(/,
  };
  for (const example of ["sensor", "switch", "tracker", "meter"]) {
    const code = readFileSync(new URL(`examples/espruino/${example}.js`, root), "utf8");
    const wanted = Object.keys(asks).filter((part) => asks[part]!.test(code));
    t.deepEqual(fileList.sets[example]!.slice(1).sort(), wanted.map((part) => `M95-${part}`).sort(), example);
  }
});

test("the file for boards is tokenised: no word of the language is left outside of texts", (t) => {
  for (const { name } of fileList.files) {
    t.notRegex(fileOf(name, "file"), /function ?\(|return[ !(]|;const |\)=>/, name);
    t.true(fileOf(name, "file").length < fileOf(name).length, name);
  }
});

test("firmware that does not know the tokens stops at the first statement, with a word", (t) => {
  // Numbers and strings are what old firmware does not know.
  t.notRegex(tokenise(GUARD), /[\xd1-\xd5]/);
  t.true(fileOf("M95", "file").startsWith(tokenise(GUARD)));
  const run = (version: string) => vm.runInNewContext(GUARD, { process: { version } });
  for (const version of ["2v25.396", "2v25.1000", "2v26", "2v29.277", "2v30", "10v26.1"])
    t.notThrows(() => run(version));
  for (const version of ["2v25", "2v25.4", "2v25.395", "2v24.9999", "2v20.48", "1v99"])
    t.throws(
      () => run(version),
      { message: /tokenised for firmware 2v25\.396 and later; write the plain form/ },
      version,
    );
});

test("a digit stays a digit, which is a byte less than its token; in a text nothing changes", (t) => {
  t.is(tokenise('f(1,"\xd4\x05",300,-7,x[2].y,1.5)'), "f(1,\xd1\x02\xd4\x05,\xd5\x2c\x01,\xd4\xf9,x[2].y,1.5)");
  // With a zero among its bytes a number would have what stands between texts.
  t.is(tokenise("f(200,8192,-256,513)"), "f(200,8192,-256,\xd5\x01\x02)");
  t.is(tokenise("return 1;case 2:"), "\xab1;\xbc2:");
});

/** A file in flash of which only the beginning was written. */
const unwritten = (whole: string, written: number) => whole.slice(0, written).padEnd(whole.length, "\xff");

/** Loads the driver from Storage with files that stand for those of the build. */
const load = (files: { [name: string]: string }) => espruino("M95 in Storage", [], { files });

test("a driver that is cut off does not load, and says so", (t) => {
  const whole = fileOf("M95");
  for (const length of [whole.length - 1, whole.length - 5000])
    t.throws(() => load({ M95: whole.slice(0, length) }), { message: /M95 in Storage is not whole; write it anew/ });
  // As flash is when writing was cut off: the file has its length, and 255 where nothing was written yet. Node reads all code before it
  // runs any; that less of it will do is shown on the engine.
  for (const written of [whole.length - 1, whole.length - 5000])
    t.throws(() => load({ M95: unwritten(whole, written) }), { message: /M95 in Storage is not whole; write it anew/ });
});

test("what says so stands in the first bytes, which are written at once", (t) => {
  for (const form of ["file", "plain"] as const)
    t.regex(fileOf("M95", form).slice(0, HEAD), /M95 in Storage is not whole; write it anew: npm run flash"?\);/s);
});

test("a part that is cut off, of another build or of the other form is an error at load that names it and the remedy", (t) => {
  const part = fileOf("M95-tls");
  const remedy = "; write it: npm run flash -- --with tls";
  t.notThrows(() => load({ "M95-tls": part }));
  const cut = [1, 1000, part.length - 1].map((written) => unwritten(part, written));
  for (const text of [part.slice(0, -1), part.slice(0, 100), "", `${part} `, ...cut])
    t.throws(() => load({ "M95-tls": text }), { message: `part M95-tls is not whole${remedy}` });
  t.throws(() => load({ "M95-tls": `x${part.slice(1)}` }), { message: `part M95-tls is not of this M95${remedy}` });
  t.throws(() => load({ "M95-tls": fileOf("M95-tls", "file") }), {
    message: /part M95-tls is not (whole|of this M95)/,
  });
});

test("a part that is missing is named, with the command that writes it, when an option or a call asks for it", (t) => {
  const { serial, connect } = load({});
  const refused = (options: object) => {
    try {
      connect(serial, { apn: "a", ...options });
      return "taken";
    } catch (error) {
      const { code, message } = error as { code: string; message: string };
      return `${code} ${message}`;
    }
  };
  const says = (code: string, part: string) =>
    `${code} part M95-${part} is not on the board; write it: npm run flash -- --with ${part}`;
  t.is(refused({}), "taken");
  t.is(refused({ tls: false }), "taken");
  t.is(refused({ tls: { ca: "x" } }), says("ETLS", "tls"));
  t.is(refused({ board: "nucleo-f411re" }), says("EPARAM", "power"));
  t.is(refused({ pwrkey: { write() {} } }), says("EPARAM", "power"));
  const modem = connect(serial, { apn: "a" });
  const asked = (options: object) => t.throws(() => modem.mqtt({ host: "h", ...options }))!.message;
  t.is(asked({ tls: true }), says("ETLS", "tls").slice(5));
  t.is(asked({ encoding: "base64" }), says("EPARAM", "base64").slice(7));
  t.is(asked({ store: { load() {}, append() {}, remove() {} } }), says("EPARAM", "store").slice(7));
  t.notThrows(() => modem.mqtt({ host: "h", tls: false }));
});

test("a function of two parts is there with either, and without both the part is named that its mark has first", (t) => {
  for (const parts of [[], ["tls"], ["info"], ["info", "tls"]]) {
    const { serial, connect, until } = espruino("M95 in Storage", parts, {
      modem: { poweredOn: true, networkTime: "26/11/26,10:00:00+04" },
    });
    const modem = connect(serial, { apn: "a" });
    let said = "";
    until("ready", () => modem.state === "ready");
    modem.time((error: Error | null, time: { zone: number }) => {
      said = error ? error.message : `zone ${time.zone}`;
    });
    until("told", () => said !== "");
    const without = "part M95-info is not on the board; write it: npm run flash -- --with info";
    t.is(said, parts.includes("info") ? "zone 4" : without, parts.join());
  }
});

test("where texts are missing, a message with a number of the modem ends with the number", (t) => {
  for (const [parts, end] of [
    [[], ""],
    [["texts"], " (connection closed or reset by peer; reopen it)"],
  ] as const) {
    const { modem, serial, connect, until } = espruino("M95 in Storage", [...parts], { modem: { poweredOn: true } });
    const client = connect(serial, { apn: "a" }).mqtt({ host: "h", reconnectPeriod: 0 });
    let said = "";
    client.on("connect", () => modem.dropLink(0, 1));
    client.on("close", (error: Error) => {
      said = error.message;
    });
    until("closed", () => said !== "");
    t.is(said, `+QMTSTAT: 0,1${end}`);
  }
});

/** heatshrink's format, window 8 and look-ahead 6, read as its README has it. */
function unpack(packed: string): string {
  const bits = [...packed].map((one) => one.charCodeAt(0).toString(2).padStart(8, "0")).join("");
  let out = "";
  for (let at = 0; ; ) {
    const take = (count: number) => {
      at += count;
      return Number.parseInt(bits.slice(at - count, at), 2);
    };
    const rest = bits.length - at;
    if (rest < (bits[at] === "1" ? 9 : 15)) return out;
    if (take(1)) out += String.fromCharCode(take(8));
    else {
      const distance = take(8) + 1;
      for (let left = take(6) + 1; left; left--) out += out[out.length - distance];
    }
  }
}

test("what is packed behind the packed dictionary comes out behind the dictionary", (t) => {
  const word = fc.constantFrom("this.", "return ", "a", "b", "\0", "\xd5", "=", "length", ";");
  const text = fc.array(word, { maxLength: 200 }).map((words) => words.join(""));
  fc.assert(
    fc.property(text, text, (spoken, head) => {
      const { dictionary, packed } = packDictionary(head.slice(0, 140));
      t.true(unpack(packed + pack(dictionary, spoken)).startsWith(dictionary + spoken));
      // Of a page its first text, from as many bytes as are said to make it.
      const page = packPage(dictionary, `${spoken}\0${head}`, spoken.length);
      t.true(unpack(packed + page.packed).startsWith(`${dictionary + spoken}\0${head}`));
      t.true(unpack(packed + page.packed.slice(0, page.first)).startsWith(dictionary + spoken));
    }),
    { numRuns: 300 },
  );
});

test("texts with much in common share a page, behind one that runs first; one with a NUL stands alone", (t) => {
  const say = (word: string) =>
    `if(this.${word}.length>100)throw new Error("${word} is too long, and that is an error")`;
  const words = ["topic", "payload", "name", "user", "nothing", "filter"];
  const texts = words.map((word, i) => ({ text: say(word), first: i === 3 || i === 5 }));
  texts.push({ text: `${say("zero")}\0`, first: false });
  const pages = pagesOf("", texts);
  t.deepEqual(pages.flat().sort(), [0, 1, 2, 3, 4, 5, 6]);
  t.true(pages.length < 5, "they share pages");
  for (const first of [3, 5])
    t.is(pages.filter((page) => page[0] === first).length, 1, `${first} stands first, where it needs no other`);
  t.deepEqual(
    pages.find((page) => page.includes(6)),
    [6],
  );
});

test("a method keeps the module's names unless it mentions none: one of a block inside it is another", (t) => {
  const classOf = (body: string) => `function o(){return 1}class A{m(a){${body}}}`;
  for (const [body, dropped] of [
    ["return a", 1],
    ["return o()", 0],
    ["const o=a;return o", 1],
    ["const b=o();if(b){let o=b;return o}return 0", 0],
    ["for(let o=0;o<a;o++)a-=o;return a", 1],
    ["for(let o=0;o<a;o++)a-=o;return o()", 0],
    ["try{return a}catch(o){return o}", 1],
    ["return a.map(o=>o+1)", 1],
    ["return a.map(b=>o())", 0],
    ["return a.o", 1],
  ] as const)
    t.is(droppedScopes(dropScopes(classOf(body), [])), dropped, body);
});

test("packing pays, and a dictionary made of the texts pays more", (t) => {
  const texts = Array.from({ length: 40 }, (_, i) => `this.t(${i},q);return this.length-${i * 7};this.t(this.length)`);
  const sum = (dictionary: string) => texts.reduce((all, text) => all + pack(dictionary, text).length, 0);
  t.true(sum("") < texts.join("").length);
  t.true(sum(makeDictionary(texts, 60)) < 0.7 * sum(""));
});
