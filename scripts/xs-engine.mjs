// Installs and builds the XS engine the core's tests also run in (the nested package test/xs). It runs no tests.

import { existsSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../test/xs/", import.meta.url));
const xsnap = path.join(folder, "node_modules/@agoric/xsnap");
const platform = os.type() === "Darwin" ? "mac" : "lin";

/** The engine's executable, there or not. */
export const xsBinary = path.join(xsnap, `xsnap-native/xsnap/build/bin/${platform}/release/xsnap-worker`);

/** Whether what is installed is what the lock file asks for. */
function isInstalled() {
  const installed = path.join(xsnap, "package.json");
  if (!existsSync(installed)) return false;
  const lock = JSON.parse(readFileSync(path.join(folder, "package-lock.json"), "utf8"));
  const wanted = lock.packages["node_modules/@agoric/xsnap"].version;
  return JSON.parse(readFileSync(installed, "utf8")).version === wanted;
}

/**
 * The commands to run before the XS tests can run, in order; empty when all is there.
 *
 * Install scripts stay off and the engine's own build is called instead: npm 10 runs install scripts, npm 11 and later
 * may refuse them, and this way both do the same. The sources are in the package; nothing is cloned.
 */
export function xsSetUp() {
  if (isInstalled() && existsSync(xsBinary)) return [];
  const install = [
    "npm",
    ["ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
  ];
  const build = ["node", ["src/build.js"], { cwd: xsnap }];
  return isInstalled() ? [build] : [install, build];
}
