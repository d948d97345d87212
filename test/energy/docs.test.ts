// docs/battery.md says what the tables and the sums say, its picture is the program's, and it names every option.

import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import test from "ava";
import { compare, picture } from "../../energy/report.js";
import { breakEven, usual } from "../../energy/sums.js";
import { battery, withSums } from "../../scripts/docs/battery-page.js";

const docs = new URL("../../../docs/", import.meta.url);
const page = await readFile(new URL("battery.md", docs), "utf8");
const cli = fileURLToPath(new URL("../../energy/cli.js", import.meta.url));

test("its tables are up to date", (t) => {
  t.is(page, withSums(page), 'run "npm run docs"');
  t.throws(() => withSums(page.replace("<!-- /figures -->", "")), { message: /no marks for figures/ });
});

test("its picture is what m95-energy draws", async (t) => {
  const drawn = picture(
    compare(usual, battery, {
      asleep: breakEven(usual, "asleep", "off"),
      connected: breakEven(usual, "connected", "off"),
    }),
  );
  t.is(
    await readFile(new URL("img/battery.svg", docs), "utf8"),
    drawn,
    "npm run energy -- --plot docs/img/battery.svg",
  );
});

test("it names every option, with its default, and none else", (t) => {
  const help = execFileSync(process.execPath, [cli, "--help"], { encoding: "utf8" });
  const options = [...help.matchAll(/^ {2}(--[\w-]+)/gm)].map(([, name]) => name!);
  const table = page.split("| option | default | meaning |")[1]!.split("\n\n")[0]!;
  const named = [...table.matchAll(/`(--[\w-]+)/g)].map(([, name]) => name!);
  t.deepEqual(named.sort(), options.filter((name) => name !== "--help" && name !== "--version").sort());
  for (const row of table.split("\n").slice(2)) {
    const [first, second] = row.split(/(?<!\\)\|/).slice(1, 3) as [string, string];
    const defaults = second.split(",").map((one) => one.trim());
    [...first.matchAll(/`(--[\w-]+)/g)].forEach(([, name], at) => {
      const line = help
        .split("\n  --")
        .find((one) => `--${one}`.startsWith(`${name} `) || `--${one}`.startsWith(`${name}\n`));
      const stands = /\(default:\s+([^)]*)\)/.exec(line!.replace(/\s+/g, " "))?.[1];
      if (stands !== undefined) t.is(stands, defaults[at], name);
    });
  }
});
