// A pass of bundles: the packages that are inside are named at the top, and their licences stand beside it. It bundles nothing.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/**
 * Names the packages inside a bundle at its top, and writes their licences beside it.
 * @param {boolean} [named] a package may bring no text: its title names the licence
 */
export function bundledPackages(fileName = "THIRD-PARTY-LICENSES.txt", named = false) {
  const folderOf = (id) => /^\0?(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)/.exec(id)?.[1];
  const packagesIn = (ids) => {
    const folders = [...new Set(ids.map(folderOf).filter(Boolean))].sort();
    return folders.map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
      return { folder, title: `${name} ${version} (${license})` };
    });
  };
  return {
    name: "bundled-packages",
    banner: ({ moduleIds }) => {
      const titles = packagesIn(moduleIds).map(({ title }) => title);
      return titles.length === 0 ? "" : `/*! Contains ${titles.join(", ")}. Their licences: ${fileName} */`;
    },
    generateBundle(_options, bundle) {
      const ids = Object.values(bundle).flatMap((chunk) => chunk.moduleIds ?? []);
      const texts = packagesIn(ids).map(({ folder, title }) => `${title}\n\n${licenceText(folder, named)}\n`);
      this.emitFile({
        type: "asset",
        fileName,
        source: texts.join(`\n${"-".repeat(72)}\n\n`),
      });
    },
  };
}

function licenceText(folder, named) {
  const name = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
  if (!name && named) return "It brings no text of it.";
  if (!name) throw new Error(`There is no licence text in ${path.basename(folder)}`);
  return readFileSync(path.join(folder, name), "utf8").trim();
}
