// Rows of a trace, the page of them, and the program that makes it.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "ava";
import { type Entry, parseTrace } from "../../trace/format.js";
import { rowsOf } from "../../trace/rows.js";
import { viewOf } from "../../trace/view.js";
import { recordings } from "../traces/record.js";

const folder = mkdtempSync(path.join(tmpdir(), "m95-view-"));
test.after.always(() => rmSync(folder, { recursive: true }));

const head = { t: 0, trace: "m95", version: 1, options: {} } as Entry;
const cli = path.resolve("build/trace/cli.js");

test("rows: commands, answers, URCs, prompts, data, messages, calls and events are told apart", (t) => {
  const rows = rowsOf([
    head,
    { t: 1, call: "publish", of: 0, args: ["a", "b"], id: 1 },
    { t: 2, d: ">", b: 'AT+QMTPUB=0,1,1,0,"a"\r' },
    { t: 3, d: "<", b: "\r\n+CREG: 1\r\n\r\n> " },
    { t: 4, d: ">", b: "b\x1a" },
    { t: 5, d: "<", b: "\r\nO" },
    { t: 6, d: "<", b: "K\r\n\r\n+QMTPUB: 0,1,0\r\n" },
    { t: 7, done: 1 },
    { t: 8, d: "<", b: '\r\n+QMTRECV: 0,0,"a","b"\r\n' },
    { t: 9, event: "message", of: 0, args: ["a", { bytes: "b" }, { msgid: 0 }] },
    { t: 9, random: 0.5 },
    { t: 10, pin: "status", level: 0 },
    { t: 11, masked: "PIN" },
    { t: 12, d: "<", b: "torn" },
  ]);
  t.deepEqual(
    rows.map((row) => `${row.t} ${row.lane} ${row.kind} ${row.text}`),
    [
      '1 host call client 0: publish("a", "b")',
      '2 out command AT+QMTPUB=0,1,1,0,"a"',
      "3 in urc +CREG: 1",
      "3 in answer >",
      "4 out data b\x1a",
      "5 in answer OK",
      "6 in urc +QMTPUB: 0,1,0",
      "7 host end publish done",
      '8 in message +QMTRECV: 0,0,"a","b"',
      '9 driver event client 0: message: "a", "b", {"msgid":0}',
      "10 in pin status 0",
      "11 driver note veiled from here on: PIN",
      "12 in urc torn",
    ],
  );
});

test("nothing in a trace becomes markup, and the page loads nothing", (t) => {
  const html = viewOf(
    [head, { t: 1, d: "<", b: '\r\n</script><img src=x onerror="alert(1)">\x1b[2J\u202e\r\n' }],
    "<b>.jsonl",
  );
  t.false(/<img|<b>|\x1b|\u202e/.test(html));
  t.regex(html, /&lt;\/script&gt;&lt;img src=x onerror=&quot;alert\(1\)&quot;&gt;/);
  t.regex(html, /default-src 'none'/);
  t.false(/(src|href)=/.test(html.replace(/&lt;.*&gt;/g, "")));
});

test("silence is to scale, and cut where it is long", (t) => {
  const at = (ms: number): Entry => ({ t: ms, d: ">", b: "AT\r" });
  const gaps = [
    ...viewOf([head, at(0), at(4000), at(60_000)], "x").matchAll(/class="(gap[^"]*)" style="height:(\d+)px">([^<]*)/g),
  ];
  t.deepEqual(
    gaps.map(([, ...found]) => found),
    [
      ["gap", "100", "4.0 s"],
      ["gap cut", "200", "56.0 s"],
    ],
  );
});

test("m95-trace view makes a page; exit codes tell apart what went wrong", (t) => {
  const file = path.join(folder, "a.jsonl");
  writeFileSync(file, recordings["power-on"]!());
  writeFileSync(`${file}.1`, recordings.messages!());
  t.is(execFileSync(process.execPath, [cli, "view", file], { encoding: "utf8" }).trim(), path.join(folder, "a.html"));
  const html = readFileSync(path.join(folder, "a.html"), "utf8");
  t.regex(html, /AT\+CPIN=&quot;0000&quot;/);
  t.regex(html, /AT\+QMTPUB/);
  const run = (...args: string[]) => spawnSync(process.execPath, [cli, ...args], { encoding: "utf8" });
  t.is(run("view", path.join(folder, "none")).status, 2);
  t.is(run("view", "package.json", "--out", path.join(folder, "b.html")).status, 1);
  t.false(existsSync(path.join(folder, "b.html")));
  // The recording itself is not written over, by whatever name.
  symlinkSync("a.jsonl", path.join(folder, "link"));
  for (const out of ["a.jsonl", "a.jsonl.1", "link"]) {
    const { status, stderr } = run("view", file, "--out", path.join(folder, out));
    t.is(status, 2, out);
    t.regex(stderr, /is the recording itself/);
  }
  t.is(readFileSync(file, "utf8"), recordings["power-on"]!());
  t.is(run("view").status, 2);
  t.is(run("--help").status, 0);
  t.regex(run("--version").stdout, /^\d+\.\d+\.\d+\n$/);
  t.true(parseTrace(readFileSync(file, "utf8")).length > 10);
});
