// Options say the same everywhere: the rows that the driver reads, the comments of their types, and the tables of the pages.
import { readFileSync } from "node:fs";
import test from "ava";
import { membersOf, OPTIONS, rowsOf, withOptions } from "../../scripts/docs/options.js";

const docs = new URL("../../../docs/", import.meta.url);
const page = (name: string) => readFileSync(new URL(name, docs), "utf8");

for (const name of ["node.md", "tls.md"])
  test(`the tables of options in docs/${name} are up to date`, (t) => {
    t.true(page(name).includes("<!-- options: "));
    t.is(page(name), withOptions(page(name)), 'run "npm run docs"');
  });

for (const type of Object.keys(OPTIONS)) {
  const { rows, others } = rowsOf(type);
  const members = membersOf(type);

  test(`${type}: every option has a row, or is named as one that has none`, (t) => {
    t.deepEqual([...others, ...rows.map((one) => one.name)].sort(), members.map((one) => one.name).sort());
  });

  for (const row of rows)
    test(`${type}.${row.name}: its comment has range and default of its row`, (t) => {
      const member = members.find((one) => one.name === row.name)!;
      t.is(member.range, row.range);
      if (row.fallback) t.is(JSON.stringify(JSON.parse(member.fallback)), row.fallback);
      for (const word of row.words) t.true(member.meaning.includes(`"${word}"`), word);
      t.not(member.meaning, "");
    });

  for (const name of others)
    test(`${type}.${name}: its comment says what it is`, (t) => {
      t.not(members.find((one) => one.name === name)!.meaning, "");
    });
}

test("docs/espruino.md has the same defaults where it names them", (t) => {
  const rows = [...rowsOf("M95Options").rows, ...rowsOf("ConnectOptions").rows];
  const named = [...page("espruino.md").matchAll(/^\| `(\w+)` \| (\d+) \|/gm)];
  const known = named.filter(([, name]) => rows.some((one) => one.name === name));
  t.deepEqual(
    known.map(([, name, value]) => [name, value]),
    known.map(([, name]) => [name, rows.find((one) => one.name === name)!.fallback]),
  );
  t.true(known.length >= 2);
});
