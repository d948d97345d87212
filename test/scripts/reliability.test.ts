// Holds docs/reliability.md against the tests that it names, and counts its lessons.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import test from "ava";

const root = new URL("../../../", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, root), "utf8");
const page = read("docs/reliability.md");

/** Rows of the table below a heading, without head and rule. */
function rows(heading: string): string[][] {
  const section = page.slice(page.indexOf(`\n## ${heading}\n`)).split("\n## ")[1]!;
  return section
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .slice(2)
    .map((line) => line.slice(2, -2).split(" | "));
}

/** References of a cell: a file, then the title of a test in it. */
function references(cell: string): { file: string; title: string }[] {
  return cell.split(" · ").map((one) => {
    const found = /^`(test\/[^`]+)` "(.+)"$/.exec(one.trim());
    if (!found) throw new Error(`no reference: ${one}`);
    return { file: found[1]!, title: found[2]! };
  });
}

test("every promise names its tests, and they are there", (t) => {
  const promises = rows("What is promised");
  t.true(promises.length >= 10);
  for (const [, cell] of promises)
    for (const { file, title } of references(cell!)) {
      t.true(existsSync(fileURLToPath(new URL(file, root))), file);
      t.true(read(file).includes(title), `${file} has no test "${title}"`);
    }
});

test("what the text names is there, too", (t) => {
  const named = [...page.slice(page.indexOf("## What is not promised")).matchAll(/`(test\/[\w./-]+)` "([^"]+)"/g)];
  t.true(named.length > 0);
  for (const [, file, title] of named) t.true(read(file!).includes(title!), `${file} has no test "${title}"`);
});

test("all sixty lessons are there, each with its tests or with the reason why it has none", (t) => {
  const lessons = rows("Sixty lessons from the field");
  t.deepEqual(
    lessons.map(([number]) => Number(number)),
    Array.from({ length: 60 }, (_, i) => i + 1),
  );
  for (const [number, what, driver, cell] of lessons) {
    t.true(what!.length > 3 && driver!.length > 3, number);
    if (!cell?.trim()) t.true(["15", "58"].includes(number!), `lesson ${number} names no test`);
    else
      for (const { file, title } of references(cell)) {
        t.true(existsSync(fileURLToPath(new URL(file, root))), `lesson ${number}: ${file}`);
        t.true(read(file).includes(title), `lesson ${number}: ${file} has no test "${title}"`);
      }
  }
});

test("places for figures are marked, each once", (t) => {
  for (const name of ["fuzz", "soak", "fleet"]) {
    t.is(page.split(`<!-- ${name}: `).length, 2, name);
    t.is(page.split(`<!-- /${name} -->`).length, 2, name);
  }
});
