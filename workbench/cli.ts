#!/usr/bin/env node
// Command line of the workbench (`npx m95-workbench`): serves its page on loopback and opens the browser.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { InvalidArgumentError } from "commander";
import { serve } from "../flash/web/server.js";
import { exit, program, run } from "../terminal/cli.js";

const NAME = "m95-workbench";

function portNumber(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError("It must be a port number.");
  return Number(text);
}

const command = program(
  NAME,
  "A page to try the driver in: a modem on a USB adapter or a virtual one, messages, check-up, trace, flashing.",
  import.meta.url,
)
  .option("--port-http <number>", "port to listen on, instead of a free one", portNumber, 0)
  .option("--no-open", "do not open the browser")
  .addHelpText(
    "after",
    "\nIt listens on this machine only. Exit codes: 1 it failed, 2 wrong usage. Ctrl-C ends it. See docs/workbench.md.",
  );

/** Opens the system's browser, if there is one; what it says is nobody's business. */
function open(url: string): void {
  const [name, ...args] = { darwin: ["open"], win32: ["cmd", "/c", "start", ""] }[process.platform as string] ?? [
    "xdg-open",
  ];
  const child = spawn(name!, [...args, url], { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}

await run(NAME, async () => {
  const { portHttp, open: wanted } = command.parse().opts<{ portHttp: number; open: boolean }>();
  const here = fileURLToPath(new URL(".", import.meta.url));
  const at = (...names: string[]): string => path.join(here, "..", "..", ...names);
  // In the package everything lies beside this file; in a clone it is where it was built.
  const packed = existsSync(path.join(here, "index.html"));
  const { url } = await serve(
    {
      page: packed ? here : at("flash", "web"),
      script: packed ? here : at("build", "flash", "web"),
      bundles: at("dist", "espruino"),
      apps: at("examples", "espruino"),
    },
    portHttp,
  );
  process.stdout.write(`Open ${url}#modem in Chrome, Edge or Opera. Ctrl-C ends it.\n`);
  if (wanted) open(`${url}#modem`);
  return exit.ok;
});
