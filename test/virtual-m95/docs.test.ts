// docs/virtual-m95.md names everything there is: quirks with their defaults, violations, control commands, options.

import { readFile } from "node:fs/promises";
import test from "ava";
import { MemoryBroker } from "../../virtual-m95/broker/memory-broker.js";
import {
  defaultQuirks,
  faultTable,
  faultUsage,
  SimClock,
  VirtualM95,
  violationKinds,
} from "../../virtual-m95/index.js";
import { controlCommands } from "../../virtual-m95/server/control.js";

const page = await readFile(new URL("../../../docs/virtual-m95.md", import.meta.url), "utf8");

/** The rows of the table under a heading, cell by cell. */
function rows(heading: string): string[][] {
  const at = page.indexOf(`\n${heading}\n`);
  if (at < 0) throw new Error(`no heading ${heading}`);
  const section = page.slice(at + heading.length + 2).split("\n#")[0]!;
  const lines = section.split("\n").filter((line) => line.startsWith("| "));
  return lines.slice(1).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test("every quirk has its row, with its default", (t) => {
  const table = new Map(
    rows("## Quirks").map(([name, value]) => [name!.replaceAll("`", ""), value!.replaceAll("`", "")]),
  );
  t.deepEqual([...table.keys()].sort(), Object.keys(defaultQuirks).sort());
  const spelled = { ...defaultQuirks, lineEnding: "CR LF" };
  for (const [name, value] of Object.entries(spelled)) t.true(table.get(name)!.startsWith(String(value)), name);
});

test("every violation has its row", (t) => {
  const kinds = rows("## Violations").map(([kind]) => kind!.replaceAll("`", ""));
  t.deepEqual(kinds.sort(), Object.keys(violationKinds).sort());
});

test("every control command has its place, and none else", (t) => {
  const cells = rows("### Control port").map(([cell]) => cell!);
  const usages = cells.flatMap((cell) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, usage]) => usage!.replace("\\|", "|")),
  );
  t.deepEqual(usages.sort(), [...Object.values(controlCommands).map(({ usage }) => usage), "quit"].sort());
});

test("every fault has its row, with arguments, defaults and violations", (t) => {
  const table = rows("### Faults by name").map((cells) => cells.map((cell) => cell.replaceAll("`", "")));
  const expected = Object.entries(faultTable).map(([name, { args, help, causes }]) => [
    faultUsage(name),
    args.map((arg) => arg.default).join(" "),
    help,
    Object.keys(causes ?? {}).join(", "),
  ]);
  t.deepEqual(table, expected);
});

test("the methods and members named exist", (t) => {
  const clock = new SimClock();
  const broker = new MemoryBroker({ clock });
  const modem = new VirtualM95({ clock, network: broker.network });
  const names = (heading: string): string[] =>
    rows(heading).flatMap(([cell]) => [...cell!.matchAll(/`(\w+)/g)].map(([, name]) => name!));
  for (const name of names("### Mishaps")) t.true(name in modem, name);
  for (const name of names("### The broker in memory")) t.true(name in broker, name);
});

test("the first example does what it says", (t) => {
  const clock = new SimClock();
  const broker = new MemoryBroker({ clock, latency: 50 });
  const modem = new VirtualM95({ clock, network: broker.network, poweredOn: true });
  let heard = "";
  modem.uart.onReceive = (chunk) => {
    heard += chunk;
  };
  modem.uart.write("ATE0\r");
  clock.advance(100);
  t.true(page.includes(`heard is ${JSON.stringify(heard)}`));
});
