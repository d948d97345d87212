#!/usr/bin/env node
// `npm run flash:web`: serves the flashing page and says where. It reads the arguments; server.ts does the rest.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import pc from "picocolors";
import { harmless } from "../../terminal/harmless.js";
import { endWithReader } from "../../terminal/pipe.js";
import { versionOf } from "../../terminal/version.js";
import { serve } from "./server.js";

const program = new Command("npm run flash:web --")
  .version(versionOf(import.meta.url), "--version", "print the version")
  .description("Serves a page that writes the M95 module to an Espruino board, from Chrome, Edge or Opera.")
  .option("--port-http <number>", "port to listen on, instead of a free one", portNumber, 0)
  .addHelpText("after", "\nExit codes: 1 it failed, 2 the call was wrong. Ctrl-C ends it. See docs/flashing.md.")
  .exitOverride();

function portNumber(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65535) throw new InvalidArgumentError("It must be a port number.");
  return Number(text);
}

endWithReader();
try {
  const { portHttp } = program.parse().opts<{ portHttp: number }>();
  // From build/flash/web to the top of the project.
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  const at = (...names: string[]) => path.join(root, ...names);
  const folders = {
    page: at("flash", "web"),
    script: at("build", "flash", "web"),
    bundles: at("dist", "espruino"),
    apps: at("examples", "espruino"),
  };
  const { url } = await serve(folders, portHttp);
  process.stdout.write(`Open ${pc.cyan(url)} in Chrome, Edge or Opera. Ctrl-C ends it.\n`);
} catch (error) {
  const { code, exitCode, message } = error as Error & { code?: string; exitCode?: number };
  if (code?.startsWith("commander.")) process.exitCode = exitCode === 0 ? 0 : 2;
  else {
    process.exitCode = 1;
    const busy = "This port is taken: give another with --port-http, or leave it out.";
    process.stderr.write(pc.red(`${code === "EADDRINUSE" ? busy : harmless(message)}\n`));
  }
}
