// Removes compiled files whose TypeScript source is gone, so that a deleted test does not go on running. It compiles
// nothing.

import { existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

for (const [folder, suffix] of [
  ["build", /\.js(\.map)?$/],
  ["dist/types", /\.d\.ts$/],
]) {
  for (const name of readdirSync(path.join(root, folder), { recursive: true })) {
    if (!suffix.test(name)) continue;
    if (!existsSync(path.join(root, name.replace(suffix, ".ts")))) rmSync(path.join(root, folder, name));
  }
}
