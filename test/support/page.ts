// Puts measured figures into docs/reliability.md, between the marks of their name. It measures nothing.

import { readFileSync, writeFileSync } from "node:fs";

const page = new URL("../../../docs/reliability.md", import.meta.url);

/** @throws Error when the page has no such marks: `<!-- name: … -->` and `<!-- /name -->` */
export function writeFigures(name: string, text: string): void {
  const old = readFileSync(page, "utf8");
  const mark = new RegExp(`<!-- ${name}: .*? -->`).exec(old);
  const end = old.indexOf(`<!-- /${name} -->`);
  if (!mark || end < mark.index) throw new Error(`docs/reliability.md has no marks for ${name}`);
  writeFileSync(page, `${old.slice(0, mark.index + mark[0].length)}\n\n${text}\n\n${old.slice(end)}`);
}
