// Holds what npm would pack against what it says of itself: files that are named, links in its pages, side effects; and the
// lock file against the registry's host. It packs nothing.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import { rollup } from "rollup";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const read = (name: string): string => readFileSync(path.join(root, name), "utf8");
const manifest = JSON.parse(read("package.json"));

const [{ files }] = JSON.parse(
  execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root, encoding: "utf8" }),
) as [{ files: { path: string }[] }];
const packed = new Set(files.map((file) => file.path));
const folders = new Set([...packed].flatMap((file) => parents(file)));
const pages = [...packed].filter((file) => file.endsWith(".md"));

function parents(file: string): string[] {
  const parent = path.posix.dirname(file);
  return parent === "." ? [] : [parent, ...parents(parent)];
}

/** All texts in a value of JSON. */
function texts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value ? Object.values(value).flatMap(texts) : [];
}

/** A page without code, in which brackets mean something else. */
function prose(page: string): string {
  return read(page)
    .replace(/^```[\s\S]*?^```/gm, "")
    .replace(/`[^`\n]*`/g, "");
}

/** As the sites that show Markdown name the places of headings. */
function anchors(page: string): string[] {
  const headings = read(page)
    .replace(/^```[\s\S]*?^```/gm, "")
    .matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, text]) =>
    text!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test("whatever package.json names is packed", (t) => {
  const { main, types, exports, bin } = manifest;
  const named = texts([main, types, exports, bin]).map((name) => name.replace(/^\.\//, ""));
  t.true(named.length > 10);
  t.deepEqual(
    named.filter((name) => !packed.has(name)),
    [],
  );
});

test("relative links in packed pages lead to packed files, and to headings that are there", (t) => {
  const dead: string[] = [];
  let links = 0;
  for (const page of pages)
    for (const [, one, other] of prose(page).matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)) {
      const link = (one ?? other)!;
      if (/^[a-z]+:/.test(link)) continue;
      links++;
      const [file, anchor] = link.split("#") as [string, string?];
      const target = file ? path.posix.normalize(path.posix.join(path.posix.dirname(page), file)) : page;
      if (!packed.has(target) && !folders.has(target.replace(/\/$/, ""))) dead.push(`${page}: ${link}`);
      else if (anchor && !anchors(target).includes(anchor)) dead.push(`${page}: ${link}, no such heading`);
    }
  t.true(links > 50);
  t.deepEqual(dead, []);
});

for (const name of ["dist/node/index.js", "dist/web/index.js"])
  test(`importing ${name} does nothing by itself, as sideEffects says`, async (t) => {
    t.false(texts(manifest.sideEffects).some((pattern) => name.startsWith(pattern.replace(/^\.\/|\*$/g, ""))));
    const build = await rollup({
      input: "entry",
      external: (id) => id !== "entry" && !path.isAbsolute(id) && !id.startsWith("."),
      onwarn: () => {},
      plugins: [
        {
          name: "entry",
          resolveId: (id) => (id === "entry" ? id : null),
          load: (id) => (id === "entry" ? `import ${JSON.stringify(path.join(root, name))};` : null),
        },
      ],
    });
    const { output } = await build.generate({ format: "es" });
    t.is(output[0].code.replace(/^import '[\w:]+';\n/gm, "").trim(), "");
  });

test("lock files name no registry, and no package's install script runs", (t) => {
  for (const folder of ["", "test/xs/"]) {
    const { packages } = JSON.parse(read(`${folder}package-lock.json`)) as {
      packages: { [name: string]: { resolved?: string } };
    };
    const hosts = Object.values(packages).filter(({ resolved }) => resolved?.includes("://"));
    t.deepEqual(hosts, []);
    t.regex(read(`${folder}.npmrc`), /^ignore-scripts=true$/m);
  }
});

test("what stands for a package that is left out has a name of its own", (t) => {
  const stub = JSON.parse(read("scripts/left-out/package.json"));
  const { packages } = JSON.parse(read("package-lock.json")) as {
    packages: { [name: string]: { name?: string; resolved?: string; link?: boolean } };
  };
  for (const name of ["@abandonware/noble", "noble-winrt", "node-ble", "peerjs-on-node", "websocket"])
    t.like(packages[`node_modules/${name}`], { resolved: "scripts/left-out", link: true }, name);
  t.is(packages["scripts/left-out"]!.name, stub.name);
  t.true(stub.private);
});
