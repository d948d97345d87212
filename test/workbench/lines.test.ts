// Lines of M95-workbench as the page reads them: told from what an application prints, turned into entries of a trace, harmless whatever
// they hold.

import test from "ava";
import { rowsOf } from "../../trace/rows.js";
import { BoardLines, keyOf, type Told } from "../../workbench/lines.js";

const KEY = "M95#4711";
const line = (ms: number, kind: string, text: string) => `${KEY}${JSON.stringify([ms, kind, text])}`;
const all = (...list: [number, string, string][]): Told[] => {
  const lines = new BoardLines(KEY);
  return list.map((one) => lines.add(line(...one))!);
};

test("only lines that begin with the board's key are taken", (t) => {
  const lines = new BoardLines(KEY);
  for (const other of [
    "",
    "ready",
    '["1","state","ready"]',
    'M95#4712[1,"state","ready"]',
    'M95#47111[1,"state","ready"]',
    ` ${line(1, "state", "ready")}`,
    `${KEY} is what I print`,
    `${line(1, "state", "ready")} and more`,
  ])
    t.is(lines.add(other), undefined, other);
  t.is(lines.add(line(1, "state", "ready"))!.state, "ready");
  t.is(keyOf(line(1, "state", "ready")), KEY);
  t.is(keyOf("M95 in Storage is not whole"), undefined);
});

test("traffic, states, recovery and errors become rows of a trace, with the board's time", (t) => {
  const told = all(
    [1000, "state", "ready"],
    [1000, "state", "ready"],
    [1000, ">", "AT+CSQ\r"],
    [1250, "<", "+CSQ: 21,0"],
    [1260, "<", "OK"],
    [2000, "<", '+QMTRECV: 0,0,"t",hello'],
    [2500, "<", "+PDP DEACT"],
    [2510, "recovery", "pdp, attempt 1: +PDP DEACT"],
    [2600, "", "time-out"],
    [2700, "error", "M95Error ECLOSED: it was closed"],
  );
  const rows = rowsOf(told.flatMap(({ entries }) => entries));
  t.deepEqual(
    rows.map(({ t, kind, text }) => [t, kind, text]),
    [
      [0, "event", 'state: "ready"'],
      [0, "command", "AT+CSQ"],
      [250, "answer", "+CSQ: 21,0"],
      [260, "answer", "OK"],
      [1000, "message", '+QMTRECV: 0,0,"t",hello'],
      [1500, "urc", "+PDP DEACT"],
      [1510, "event", 'recovery: "pdp, attempt 1: +PDP DEACT"'],
      [1600, "event", 'remark: "time-out"'],
      [1700, "event", "error: M95Error ECLOSED: it was closed"],
    ],
  );
  t.is(told[3]!.signal, -71);
  t.is(told[7]!.recovery, "pdp, attempt 1: +PDP DEACT");
});

test("signal, supply and facts are what answers to their commands say, and nothing else", (t) => {
  const told = all(
    [1, "<", "+CSQ: 21,0"],
    [2, ">", "AT+CSQ\r"],
    [3, "<", "+CSQ: 99,99"],
    [4, ">", "AT+CBC\r"],
    [5, "<", "+CSQ: 21,0"],
    [6, "<", "+CBC: 0,80,3981"],
    [7, ">", "AT+COPS?\r"],
    [8, "<", '+COPS: 0,0,"<b>Testnet"'],
    [9, ">", "AT+QILOCIP\r"],
    [10, "<", "10.0.0.7"],
  );
  t.deepEqual(
    told.map(({ signal }) => signal),
    [undefined, undefined, null, ...Array(7).fill(undefined)],
  );
  t.is(told[5]!.supply, 3981);
  t.deepEqual(told[7]!.facts, { operator: "<b>Testnet" });
  t.deepEqual(told[9]!.facts, { address: "10.0.0.7" });
});

test("counters have names and numbers; one that was cut off is left out", (t) => {
  t.deepEqual(all([1, "stats", "commands 12,connects 1,rec..."])[0]!.stats, { commands: 12, connects: 1 });
});

test("a clock that is set makes no hole and no step back", (t) => {
  const told = all([5_000_000, "state", "a"], [1000, "state", "b"], [2000, "state", "c"], [1.8e12, "state", "d"]);
  t.deepEqual(
    told.map(({ t }) => t),
    [0, 0, 1000, 1000],
  );
});

test("what is veiled in traces is veiled here", (t) => {
  const [told] = all([1, "<", '+CREG: 2,1,"1F2E","ABCD"']);
  t.false(JSON.stringify(told!.entries).includes("ABCD"));
});

test("damaged and odd lines are taken, and say nothing", (t) => {
  const lines = new BoardLines(KEY);
  for (const odd of ['[1,"state"', "[1]", "[1,2,3]", '[1,{"a":1},[]]', '[1,"__proto__","x"]', "[1,null,null]"]) {
    const told = lines.add(`${KEY}${odd.endsWith("]") ? odd : `${odd}]]`}`);
    t.truthy(told, odd);
    t.is(told!.state, undefined);
    t.notThrows(() => rowsOf(told!.entries));
  }
});
