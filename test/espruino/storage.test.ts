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
const { tokenise, tokeniseBody, tokeniseWords } = (await script("tokenise")) as {
  [name: string]: (code: string) => string;
};
const { pagesOf } = (await script("pages")) as { pagesOf(dictionary: string, texts: string[]): number[][] };
const { Codes } = (await script("pairs")) as {
  Codes: new (texts: string[], others: string) => { table: string; encode(text: string): string };
};
const { dropScopes, droppedScopes } = (await script("scopes")) as {
  dropScopes(code: string, runtime: string[]): string;
  droppedScopes(code: string): number;
};
const { makeDictionary, pack, packDictionary } = (await script("squeeze")) as {
  makeDictionary(texts: string[], size: number): string;
  pack(dictionary: string, text: string): string;
  packDictionary(words: string, end: string): { dictionary: string; packed: string };
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
      const { dictionary, packed } = packDictionary(head.slice(0, 140), "\0");
      t.true(dictionary.endsWith("\0"));
      t.true(unpack(packed + pack(dictionary, spoken)).startsWith(dictionary + spoken));
    }),
    { numRuns: 300 },
  );
});

test("texts with much in common share a page, no more than eight of them", (t) => {
  const say = (word: string) =>
    `if(this.${word}.length>100)throw new Error("${word} is too long, and that is an error")`;
  const words = ["topic", "payload", "name", "user", "nothing", "filter", "a", "b", "c", "d"];
  const pages = pagesOf("", words.map(say).concat("return 1"));
  t.deepEqual(
    pages.flat().sort((a, b) => a - b),
    Array.from({ length: 11 }, (_, i) => i),
  );
  t.true(pages.length < 5, "they share pages");
  t.true(pages.every((page) => page.length <= 8));
  t.deepEqual(
    pages.find((page) => page.includes(10)),
    [10],
    "what has nothing in common with others stands alone",
  );
});

/** UTF-8 as Espruino's `E.decodeUTF8` reads it: any sequence of two bytes is a character, however short it could be. */
function decodeUtf8(bytes: string): string {
  return bytes.replace(/[\xc0-\xdf][\s\S]/g, (pair) =>
    String.fromCharCode(((pair.charCodeAt(0) & 31) << 6) | (pair.charCodeAt(1) & 63)),
  );
}

/** What a table of two bytes for each code makes of codes. */
function decode(codes: string, table: string): string {
  return decodeUtf8([...codes].map((code) => table.substr(2 * code.charCodeAt(0), 2)).join(""));
}

test("codes are characters and pairs of them, fewer than there are characters; all bytes come out as they went in", (t) => {
  const texts = Array.from({ length: 30 }, (_, i) => `\xab\xaf.length-${i};\xe9\xff\xc3\xa4\xab\xaf.length`);
  const codes = new Codes(texts, "\0");
  t.is(codes.table.length, 512);
  t.is(codes.encode("\0"), "\0");
  for (const text of texts) {
    t.is(decode(codes.encode(text), codes.table), text);
    t.true(codes.encode(text).length < 0.7 * text.length);
  }
  t.throws(() => codes.encode("Z"), { message: 'there is no code for "Z"' });
});

test("each text of each file comes out of its table, in all the ways that it may be packed", (t) => {
  const word = (text: string, at: number) => text.charCodeAt(at) + 256 * text.charCodeAt(at + 1);
  const numberIn = (code: string, pattern: string) => {
    const found = new RegExp(pattern.replaceAll("#", "(?:(\\d+)|\\xd5([^]{2}))")).exec(code)!;
    return found.slice(1).map((one, i) => (one === undefined ? Number.NaN : i % 2 ? word(one, 0) : +one));
  };
  const number = (code: string, pattern: string) => numberIn(code, pattern).find((one) => !Number.isNaN(one))!;
  const driver = fileOf("M95", "file");
  const from = (form: "file" | "plain") =>
    fileOf("M95", form).slice(number(fileOf("M95", form), "_=_\\.substr\\(#\\)"));
  const own = from("file");
  const uncoded = number(driver, "k>#\\)");
  const table = own.substr(number(driver, "_\\.substr\\(#,512\\)"), 512);
  const pager = decodedPager();
  const dictionary = own.substr(number(pager, "_\\.substr\\(#,"), number(pager, "_\\.substr\\(\\d+,#\\)"));
  const ways = { raw: 0, packed: 0, coded: 0, page: 0, differs: 0 };
  for (const { name, part, tool } of fileList.files) {
    if (tool) continue;
    const [file, plain] = (["file", "plain"] as const).map((form) =>
      part === "core" ? from(form) : fileOf(name, form).replace(/^.*?[0-9a-f]{8}[tp]/s, ""),
    ) as [string, string];
    const texts = word(file, 0) / 2 - 1;
    t.is(word(plain, 0), word(file, 0), name);
    const pageOf = (page: number) => word(file, word(file, 0) + 2 * page);
    for (let i = 0; i < texts; i++) {
      const entry = word(file, 2 + 2 * i);
      const wanted = plain.slice(word(plain, 2 + 2 * i)).split("\0")[0]!;
      // Lengths of files, the name of the build and the place of the dictionary are others in the other form.
      if (/[0-9a-f]{8}p"|_\.substr\(/.test(wanted)) {
        ways.differs++;
        continue;
      }
      let text = "";
      if (entry & 1) {
        const page = unpack(dictionary + file.slice(pageOf(entry >> 4), pageOf((entry >> 4) + 1)));
        text = decode(page.split("\0")[1 + ((entry >> 1) & 7)]!, table);
        ways.page++;
      } else {
        const at = entry >> 1;
        const byte = file.charCodeAt(at);
        const packed = file.substr(at + 1, byte < 224 ? byte : 32 * (byte - 220));
        if (!byte) text = file.slice(at + 1);
        else text = entry > uncoded ? unpack(packed) : decode(unpack(packed), table);
        ways[!byte ? "raw" : entry > uncoded ? "packed" : "coded"]++;
      }
      const isCoded = entry & 1 || (file.charCodeAt(entry >> 1) && entry <= uncoded);
      const tokens = (isCoded ? tokeniseWords : tokeniseBody)!(wanted);
      t.is(text.slice(0, tokens.length), tokens, `${name} ${i}`);
      if (text.length > tokens.length) t.is(text[tokens.length], "\0", `${name} ${i} ends`);
    }
  }
  t.is(ways.differs, 3);
  for (const way of ["raw", "packed", "coded", "page"] as const) t.true(ways[way] > 0, way);

  /** The text that knows where the dictionary is. */
  function decodedPager(): string {
    for (let i = 0; i < word(own, 0) / 2 - 1; i++) {
      const at = word(own, 2 + 2 * i) >> 1;
      if (word(own, 2 + 2 * i) & 1 || !own.charCodeAt(at)) continue;
      const text = decode(unpack(own.substr(at + 1, own.charCodeAt(at))), table);
      if (text.includes("_.substr(")) return text;
    }
    throw new Error("nothing looks for the dictionary");
  }
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
