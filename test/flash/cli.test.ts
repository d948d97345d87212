// `npm run flash` as a program of its own, over a pseudo terminal: against a model of the board's console, against a
// real Espruino when ESPRUINO names one, and against all that is not there, busy, silent, full or broken.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import { SerialPort } from "serialport";
import { engine } from "../support/needs.js";
import { testWith } from "../support/test-with.js";
import { espruino, onPty } from "./pty.js";
import { type ModelOptions, ReplModel } from "./repl-model.js";

const overPty = testWith("socat");
const folder = mkdtempSync(path.join(tmpdir(), "m95-cli-"));
const bundle = path.join(folder, "bundle.js");
const app = path.join(folder, "app.js");
const MODULE = `exports.x=1;${"// é filler\n".repeat(600)}`;
writeFileSync(bundle, MODULE);
writeFileSync(app, 'var c=require("Storage").readJSON("m95.json",1);print("app",c.apn,c.host,c.port,c.serial)');
test.after.always(() => rmSync(folder, { recursive: true }));

/** Runs the program; its output is a pipe, so it writes plain lines. */
function flash(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["build/flash/cli/main.js", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined },
    });
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      err += text;
    });
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

const settings = ["--board", "nucleo-f411re", "--apn", "internet", "--broker", "broker.example:1884"];

overPty("module, settings and application go onto a board; plain lines tell of it", async (t) => {
  const board = new ReplModel();
  const port = await onPty(t, board);
  const { code, out, err } = await flash("--port", port, "--bundle", bundle, "--app", app, ...settings);
  t.is(err, "");
  t.is(code, 0);
  t.is(Buffer.from(board.files.get("M95")!, "latin1").toString("utf8"), MODULE);
  t.is(JSON.parse(board.files.get("m95.json")!).board, "nucleo-f411re");
  t.true(board.files.has(".bootcde"));
  t.regex(out, /^Espruino 2v29 on MODEL\nMaking room\nWriting M95\nWriting M95: 25 % of \d+ bytes\n/);
  t.regex(
    out,
    /Comparing M95\n(.*\n)*Starting\nDone: M95 \(\d+ bytes\), m95\.json \(\d+ bytes\), \.bootcde \(\d+ bytes\)\n$/,
  );
});

overPty("what a board says of itself, throws or holds does not reach the terminal as a command", async (t) => {
  const obeyed = /[\x00-\x09\x0b-\x1f\x7f-\x9f]/;
  const name = "\x1b]0;owned\x07\x1b[2JM\u009bODEL\r\n";
  const first = await flash("--port", await onPty(t, new ReplModel({ board: name })), "--bundle", bundle);
  t.is(first.code, 0);
  t.regex(first.out, /^Espruino 2v29 on <ESC>\]0;owned<07><ESC>\[2JM<9B>ODEL<CR><LF>\nMaking room\n/);
  t.notRegex(first.out, obeyed);
  const full = new ReplModel({ storage: 3000, board: { toString: 1 } });
  full.files.set("\x1b[31mred", "x");
  const second = await flash("--port", await onPty(t, full), "--bundle", bundle);
  t.is(second.code, 1);
  t.regex(second.out, /^Espruino 2v29 on \{"toString":1\}\n/);
  t.regex(second.err, /It also holds <ESC>\[31mred\./);
  t.notRegex(second.out + second.err, obeyed);
  const thrower = new ReplModel();
  thrower.files.set("m95.json", "x");
  Object.defineProperty(thrower.files, "get", {
    value: () => {
      throw new Error("\x1b[31mthrown\nDone: all is well");
    },
  });
  const third = await flash("--port", await onPty(t, thrower), "--bundle", bundle, "--apn", "a");
  t.is(third.code, 1);
  t.regex(third.err, /<ESC>\[31mthrown<LF>Done: all is well\n/);
  t.notRegex(third.err, obeyed);
});

overPty("a second run over the same port works, with what is there", async (t) => {
  const board = new ReplModel();
  const port = await onPty(t, board);
  t.is((await flash("--port", port, "--bundle", bundle, "--apn", "a")).code, 0);
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.is((await flash("--port", port, "--bundle", bundle, "--client-id", "c", "--no-start")).code, 0);
  t.deepEqual(JSON.parse(board.files.get("m95.json")!), { apn: "a", clientId: "c" });
});

/** A real Espruino on a pty, and what it prints. */
async function realEspruino(t: ExecutionContext) {
  const board = espruino(engine("ESPRUINO")!);
  const port = await onPty(t, board);
  const heard = { text: "" };
  const forward = board.onOutput;
  board.onOutput = (data) => {
    heard.text += data;
    forward(data);
  };
  return { board, port, heard };
}

testWith("socat", "ESPRUINO")("a real Espruino is flashed, and runs the application", async (t) => {
  const { board, port, heard } = await realEspruino(t);
  // An application that prints all the time, and a line half typed.
  board.receive('\x10setInterval(function(){print("tick")},20)\n');
  await new Promise((resolve) => setTimeout(resolve, 500));
  board.receive("foo(\n");
  const { code, out, err } = await flash("--port", port, "--bundle", bundle, "--app", app, ...settings);
  t.is(err, "");
  t.is(code, 0);
  t.regex(out, /^Espruino .* on LINUX\n/);
  for (let i = 0; i < 100 && !heard.text.includes("app internet"); i++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  t.true(heard.text.includes("app internet broker.example 1884 Serial1"), heard.text.slice(-500));
  // The code must be usable as a module from where it is.
  board.receive('\x10print(require("M95").x+41)\n');
  for (let i = 0; i < 100 && !heard.text.includes("42"); i++) await new Promise((resolve) => setTimeout(resolve, 50));
  t.true(heard.text.includes("42"));
});

overPty(
  "without --bundle the driver goes there in the parts that the application needs and --with asks for",
  async (t) => {
    const board = new ReplModel({ memory: { total: 7423, free: 7000 } });
    const port = await onPty(t, board);
    const args = ["--port", port, "--app", "examples/espruino/sensor.js", "--with", "base64", "--no-start"];
    const { code, out, err } = await flash(...args);
    t.is(err, "");
    t.is(code, 0);
    t.regex(
      out,
      /^Espruino 2v29 on MODEL\nParts: power \(the application has "board"\), base64 \(it was asked for\)\n/,
    );
    t.regex(
      out,
      /\nStorage: \d+ bytes are written, \d+ of 65536 are left\nRAM: some \d+ of 7423 jsVars are left when connected\n/,
    );
    t.regex(
      out,
      /\nDone: M95-power \(\d+ bytes\), M95-base64 \(\d+ bytes\), M95 \(\d+ bytes\), \.bootcde \(\d+ bytes\)\n$/,
    );
    t.is(board.files.get("M95"), readFileSync("dist/espruino/storage/M95.tokens", "latin1"));
    const unknown = await flash("--port", port, "--with", "toast");
    t.is(unknown.code, 2);
    t.regex(unknown.err, /There is no part "toast"\. There are .*tls/);
  },
);

testWith("socat", "ESPRUINO")("a real Espruino gets the driver in parts, and loads it", async (t) => {
  const { board, port, heard } = await realEspruino(t);
  const args = ["--port", port, "--app", app, "--with", "tls"];
  // 46 kB through two threads that share a queue without a lock: a board does not lose bytes so often that trying again is all in vain.
  const first = await flash(...args);
  const { code, out, err } = first.code === 0 ? first : await flash(...args);
  t.is(err, "");
  t.is(code, 0);
  t.regex(out, /\nParts: tls \(it was asked for\)\nStorage: .*\nRAM: .*\n/);
  board.receive('\x10print("loaded "+typeof require("M95").connect)\n');
  for (let i = 0; i < 100 && !heard.text.includes("loaded "); i++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  t.true(heard.text.includes("loaded function"), heard.text.slice(-500));
});

for (const [what, options, message, advice] of [
  ["silent", { instead: "silence" }, /Nothing answers/, /Press reset/],
  ["not Espruino", { instead: "login" }, /not Espruino/, /firmware/],
  ["full", { storage: 3000 }, /Not enough Storage: \d+ bytes are needed, 3000 are free/, /erase/],
  ["worn out", { worn: "M95" }, /M95 is not what was sent/, /Flash again/],
] as [string, ModelOptions, RegExp, RegExp][])
  overPty(`a board that is ${what} ends with 1, the reason and what to do`, async (t) => {
    const port = await onPty(t, new ReplModel(options));
    const { code, err } = await flash("--port", port, "--bundle", bundle);
    t.is(code, 1);
    t.regex(err, message);
    t.regex(err, advice);
  });

overPty("a port that another program has ends with 1 and what to do", async (t) => {
  const path = await onPty(t, new ReplModel());
  const other = new SerialPort({ path, baudRate: 115200, autoOpen: false });
  await new Promise<void>((resolve, reject) => other.open((error) => (error ? reject(error) : resolve())));
  const { code, err } = await flash("--port", path, "--bundle", bundle);
  other.close();
  t.is(code, 1);
  t.regex(err, /in use by another program\nClose the Web IDE/);
});

test("a port and files that are not there end with 1 and what to do", async (t) => {
  const port = await flash("--port", path.join(folder, "nowhere"), "--bundle", bundle);
  t.is(port.code, 1);
  t.regex(port.err, /There is no port .*\n.*--list/);
  const file = await flash("--port", "x", "--bundle", path.join(folder, "none.js"));
  t.is(file.code, 1);
  t.regex(file.err, /cannot be read.*\n.*npm run build/);
});

test("a call that cannot be meant ends with 2", async (t) => {
  for (const args of [[], ["--port"], ["--port", "x", "--board", "toaster"], ["--baud", "fast"], ["--nonsense"]]) {
    const { code, err } = await flash(...args);
    t.is(code, 2, args.join(" "));
    t.not(err, "");
  }
});

test("--help and --list end with 0", async (t) => {
  const help = await flash("--help");
  t.is(help.code, 0);
  t.regex(help.out, /Exit codes: 0 done, 1 it failed/);
  const list = await flash("--list");
  t.is(list.code, 0);
  t.is(list.err, "");
  t.not(list.out, "");
});
