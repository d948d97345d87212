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
const { tokenise, tokeniseWords } = (await script("tokenise")) as {
  [name: string]: (code: string) => string;
};
interface Codes {
  modulus: number;
  table: string;
  extra: string;
  encode(text: string, times?: number): string;
  tableWith(placeOf: (piece: string) => number): string;
}
const { Codes } = (await script("codes")) as { Codes: new (texts: string[], book: string) => Codes };
const { dropScopes, droppedScopes } = (await script("scopes")) as {
  dropScopes(code: string, runtime: string[]): string;
  droppedScopes(code: string): number;
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

/** UTF-8 as Espruino's `E.decodeUTF8` reads it: sequences of two and of four bytes, however short they could be; what is above 255 is asked for. */
function decodeUtf8(bytes: string, piece: (code: number) => string): string {
  return bytes.replace(/[\xc0-\xdf][\s\S]|[\xf0-\xf7][\s\S]{3}/g, (sequence) => {
    let code = sequence.charCodeAt(0) & (sequence.length > 2 ? 7 : 31);
    for (const byte of sequence.slice(1)) code = (code << 6) | (byte.charCodeAt(0) & 63);
    return code < 256 ? String.fromCharCode(code) : piece(code);
  });
}

/** What the engine makes of a text in codes: seven bits are a place in the table, the first bits of a byte come first. */
function decode(packed: string, table: string, modulus: number, file: string): string {
  const bits = [...packed].map((byte) => byte.charCodeAt(0).toString(2).padStart(8, "0")).join("");
  const units = bits.match(/.{7}/g) ?? [];
  const halves = units.map((unit) => table.substr(2 * Number.parseInt(unit, 2), 2)).join("");
  return decodeUtf8(halves, (code) => file.substr(wordAt(table, 2 * (code % modulus)), code >> 12));
}

const wordAt = (text: string, at: number) => text.charCodeAt(at) + 256 * text.charCodeAt(at + 1);

test("codes are characters, pairs of them and pieces that stand elsewhere; all bytes come out as they went in", (t) => {
  const word = fc.constantFrom(
    "this.",
    "return ",
    "\xaf.length",
    "\xab\xaf",
    "\xe9\xff",
    "\xc3\xa4",
    "(j,q)=>",
    "#",
    "~",
    "7",
  );
  const text = fc.array(word, { maxLength: 40 }).map((words) => words.join(""));
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 20 }), text, (texts, book) => {
      const codes = new Codes(texts, book);
      const file = book + codes.extra + codes.table;
      const table = codes.tableWith((piece) => file.indexOf(piece));
      t.is(table.length, codes.table.length);
      for (const one of texts)
        for (const times of [0, 1, 5]) {
          const out = decode(codes.encode(one, times), table, codes.modulus, file);
          t.true(out === one || out === `${one};`, JSON.stringify([one, out]));
        }
    }),
    { numRuns: 40 },
  );
});

test("what is said often is short, and what the file has anyway is not there twice", (t) => {
  const texts = Array.from({ length: 30 }, (_, i) => `if(\xaf.length>${i})throw \xab Error("a line is too long")`);
  const alone = new Codes(texts, "");
  const size = alone.encode(texts[0]!).length;
  t.true(size < texts[0]!.length / 3, `${size} bytes`);
  const there = new Codes(texts, texts[0]!);
  t.is(there.extra, "");
  t.true(alone.table.includes("is too long") || alone.extra.includes("is too long"));
  t.false(there.table.includes("is too long"));
  t.throws(() => alone.encode("Z"), { message: /there is no code for "Z"/ });
});

test("each text of each file comes out of its table", (t) => {
  const numberIn = (code: string, pattern: string) => {
    const found = new RegExp(pattern.replaceAll("#", "(?:(\\d+)|\\xd5([\\s\\S]{2}))")).exec(code)!;
    return found.slice(1).flatMap((one, i) => (one === undefined ? [] : [i % 2 ? wordAt(one, 0) : +one]));
  };
  const [driver, plainDriver] = [fileOf("M95", "file"), fileOf("M95", "plain")];
  const [start, length] = numberIn(driver, "U=.*?_\\.substr\\(#,#\\)") as [number, number];
  const [codesAt, codesLength] = numberIn(driver, "V=.*?_\\.substr\\(#,#\\)") as [number, number];
  const [modulus] = numberIn(driver, "V\\[c%#\\]") as [number];
  const [plainStart] = numberIn(plainDriver, "_=_\\.substr\\(#\\)") as [number];
  const table = driver.substr(codesAt, codesLength);
  const kept: string[] = [];
  let count = 0;
  let differs = 0;
  for (const { name, part, tool } of fileList.files) {
    if (tool) continue;
    const isDriver = part === "core";
    const [file, plain] = isDriver
      ? [driver, plainDriver.slice(plainStart)]
      : (["file", "plain"] as const).map((form) => fileOf(name, form).replace(/^.*?[0-9a-f]{8}[tp]/s, ""));
    const from = isDriver ? start : 0;
    const texts = wordAt(plain!, 0) / 2 - 1;
    t.is(wordAt(file!, from), from + wordAt(plain!, 0), name);
    if (isDriver) t.is(length, 2 * (texts + 1));
    const cut = (text: string, at: number) => text.slice(wordAt(text, at), wordAt(text, at + 2));
    t.is(wordAt(file!, from + 2 * texts), file!.length - 1, `${name} ends`);
    for (let i = 0; i < texts; i++) {
      const text = decode(cut(file!, from + 2 * i), table, modulus, driver);
      const wanted = cut(plain!, 2 * i);
      count++;
      if (/^C=/.test(text)) kept.push(text);
      const rest = text.replace(/^C=(0|\[\]);/, "");
      // Texts are called otherwise, and lengths of files and the name of the build are others in the other form.
      const tokens = tokeniseWords!(wanted).replaceAll("eval(Y(", "I(Y(");
      if (/[0-9a-f]{8}p"/.test(wanted)) differs++;
      else t.true(rest === tokens || rest === `${tokens};`, `${name} ${i}: ${rest}`);
    }
  }
  t.true(count > 300);
  t.is(differs, 2);
  // What is called often is kept in RAM while the modem starts and while a client connects; ready, failed, stopped, connected or not, it is let go.
  t.deepEqual(kept.map((text) => text.replace(/;.*/, "")).sort(), ["C=0", "C=0", "C=0", "C=0", "C=[]", "C=[]"]);
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
