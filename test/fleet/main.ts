// `npm run test:fleet`: a thousand devices whose broker restarts, with and without jitter; writes the plot for docs/. The
// simulation is in fleet.ts.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { writeFigures } from "../support/page.js";
import { type FleetResult, fleet, peak } from "./fleet.js";
import { plot } from "./plot.js";

const usage = `Usage: npm run test:fleet -- [options]

  --devices N   default 1000
  --down N      seconds the broker is down, default 60
  --write       put plot and figures into docs/img/fleet.svg and docs/reliability.md
  --help        show this

Exit codes: 0 the peaks are where they should be, 1 they are not, 2 wrong usage.`;

/** Attempts that the broker has to serve in one second when it is back, as a part of those of a fleet without jitter. */
export const servedLimit = 0.1;
/** The same of all attempts with `reconnectPeriod` 30 s, refused ones with them. */
export const calmLimit = 0.1;

const page = new URL("../../../docs/img/fleet.svg", import.meta.url);

function options(): { devices: number; down: number; draw: boolean } | undefined {
  const { values } = parseArgs({
    options: {
      devices: { type: "string", default: "1000" },
      down: { type: "string", default: "60" },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const number = (text: string): number => {
    if (!/^[1-9]\d{0,4}$/.test(text)) throw new Error(`not a number from 1 to 99999: ${text}`);
    return Number(text);
  };
  return { devices: number(values.devices), down: number(values.down), draw: values.write };
}

function main(): number {
  let chosen: ReturnType<typeof options>;
  try {
    chosen = options();
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  if (!chosen) {
    console.log(usage);
    return 0;
  }
  const { devices, down, draw } = chosen;
  const run = (name: string, jitter: boolean, reconnectPeriod?: number): FleetResult => {
    const began = performance.now();
    const result = fleet({
      devices,
      jitter,
      ...(reconnectPeriod && { reconnectPeriod }),
      down: down * 1000,
      limit: 3_600_000,
      onProgress: (connected, seconds) => {
        if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${name}: ${connected} connected after ${seconds} s`);
      },
    });
    const took = ((performance.now() - began) / 1000).toFixed(1);
    console.log(
      `${process.stdout.isTTY ? "\r\x1b[K" : ""}${name}: at most ${peak(result.attempts)} attempts per second, ` +
        `${peak(result.served)} once the broker is back; half are back after ${result.half} s, all after ${result.all} s (run in ${took} s)`,
    );
    return result;
  };
  const none = run("without jitter", false);
  const jitter = run("with jitter, as the driver does", true);
  const calm = run("with jitter and reconnectPeriod 30 s", true, 30_000);
  const served = peak(jitter.served) / peak(none.served);
  const all = peak(calm.attempts) / peak(none.attempts);
  console.log(
    `Peak once the broker is back: ${(served * 100).toFixed(1)} % of the fleet without jitter; ` +
      `of all attempts with reconnectPeriod 30 s: ${(all * 100).toFixed(1)} %`,
  );
  if (draw) {
    const curves = [
      { name: "without jitter", colour: "#d1495b", values: none.attempts },
      { name: "with jitter (default)", colour: "#2f81f7", values: jitter.attempts },
      { name: "with jitter, reconnectPeriod 30 s", colour: "#2da44e", values: calm.attempts },
    ];
    const title = `${devices.toLocaleString("en")} devices whose broker is down for ${down} s`;
    writeFileSync(page, plot(title, curves, down * 3, [[down, "broker is back"]]));
    const row = (name: string, { attempts, served, half, all }: FleetResult): string =>
      `| ${[name, peak(attempts), peak(served), half, all].join(" | ")} |`;
    writeFigures(
      "fleet",
      [
        `${title} (\`npm run test:fleet\`): connection attempts in the worst second. For a large fleet, a longer`,
        "`reconnectPeriod` calms the first seconds, in which nobody answers, and costs hardly any time.",
        "",
        "![Connection attempts per second over time](img/fleet.svg)",
        "",
        "| | attempts per second, at most | of these once the broker is back | half are back after, s | all, s |",
        "|---|---:|---:|---:|---:|",
        row("without jitter", none),
        row("with jitter, as the driver does", jitter),
        row("with jitter and `reconnectPeriod: 30000`", calm),
      ].join("\n"),
    );
    console.log("docs/img/fleet.svg and docs/reliability.md written");
  }
  if (served <= servedLimit && all <= calmLimit) return 0;
  console.log(`WRONG: at most ${servedLimit * 100} % and ${calmLimit * 100} % are allowed`);
  return 1;
}

process.exitCode = main();
