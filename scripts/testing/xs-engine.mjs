// Installs and builds the XS engine the core's tests also run in (the nested package test/xs). It runs no tests.

import { existsSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../test/xs/", import.meta.url));
const xsnap = path.join(folder, "node_modules/@agoric/xsnap");
const platform = os.type() === "Darwin" ? "mac" : "lin";

/** The engine's executable, there or not. */
export const xsBinary = path.join(xsnap, `xsnap-native/xsnap/build/bin/${platform}/release/xsnap-worker`);

/** Whether what is installed is what the lock file asks for; npm writes its own record when an installation is complete. */
function isInstalled() {
  const record = path.join(folder, "node_modules/.package-lock.json");
  if (!existsSync(record)) return false;
  const packages = (file) => JSON.parse(readFileSync(file, "utf8")).packages;
  const installed = packages(record);
  const wanted = Object.entries(packages(path.join(folder, "package-lock.json"))).filter(([name]) => name !== "");
  return wanted.every(([name, { version }]) => installed[name]?.version === version);
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
  const build = ["node", ["src/build.js"], { cwd: xsnap, env: { MAKEFLAGS: `-j${os.availableParallelism()}` } }];
  return isInstalled() ? [build] : [install, build];
}
