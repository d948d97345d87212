// The version of the package, for the command lines. It knows nothing else of it.
import { readFileSync } from "node:fs";

/** The version in the package.json that is above a module, compiled or bundled. @param from - the module's own URL */
export function versionOf(from: string): string {
  for (let folder = new URL(".", from); ; folder = new URL("..", folder)) {
    let found: { name?: string; version?: string } = {};
    try {
      found = JSON.parse(readFileSync(new URL("package.json", folder), "utf8"));
    } catch {
      // Further up.
    }
    if (found.name === "m95-mqtt") return found.version!;
    // A program that was taken out of its package.
    if (folder.pathname === new URL("..", folder).pathname) return "unknown";
  }
}
