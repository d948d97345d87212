// `npm run test:soak`: thirty days in a bad cell, with a table at the end. The simulation is in soak.ts.

import { parseArgs } from "node:util";
import { writeFigures } from "../support/page.js";
import { badCell, byteErrors, judge, messageEvery, publishEvery, type Report, soak } from "./soak.js";

const usage = `Usage: npm run test:soak -- [options]

  --days N     days of simulated time, default 30
  --seed N     another run of bad luck, default 1
  --write      put the table into docs/reliability.md, between its marks
  --help       show this

Exit codes: 0 all is well, 1 something is not, 2 wrong usage.`;

function table(report: Report, seconds: number): string {
  const { stats, samples } = report;
  const first = samples.find(({ day }) => day >= Math.min(5, report.days / 2))!;
  const last = samples.at(-1)!;
  const minutes = (ms: number): string => `${(ms / 60_000).toFixed(1)} min`;
  const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;
  const count = (outcome: string): number =>
    [...report.outcomes].reduce((sum, [row, n]) => sum + (row.endsWith(outcome) ? n : 0), 0);
  const faults = [...report.faults.values()].reduce((sum, n) => sum + n, 0);
  const rows: [string, string | number][] = [
    ["simulated time", `${report.days} days (run in ${seconds.toFixed(0)} s)`],
    ["faults", faults],
    ["publishes (QoS 0, 1, 2 in turn)", report.published],
    ["of these sent or acknowledged", count("ok")],
    ["outcome unknown (`EUNKNOWN`)", count("EUNKNOWN")],
    ["refused: queue full (`EQUEUE`)", count("EQUEUE")],
    [
      "given up by the modem or not sent (other codes)",
      report.published - count("ok") - count("EUNKNOWN") - count("EQUEUE"),
    ],
    ["confirmed at QoS 1 or 2 without having arrived", report.lies],
    ["messages sent to the device, and handed over", `${report.sent}, ${report.heard}`],
    ["connected", `${(report.connected * 100).toFixed(1)} % of the time`],
    ["drawn by the modem", `${report.drawn.toFixed(0)} mAh, ${(report.drawn / report.days).toFixed(0)} a day`],
    ["longest time without a delivery", minutes(report.gap)],
    ["longest wait of a callback", minutes(report.wait)],
    ["reconnects", stats.reconnects],
    ["time-outs, resynchronisations", `${stats.timeouts}, ${stats.resyncs}`],
    [
      `heap on day ${first.day} and on day ${last.day}`,
      last.heap ? `${mb(first.heap)}, ${mb(last.heap)}` : "not measured",
    ],
    [
      `timers and listeners on day ${first.day} and on day ${last.day}`,
      `${first.timers} + ${first.listeners}, ${last.timers} + ${last.listeners}`,
    ],
  ];
  return ["| | |", "|---|---:|", ...rows.map(([what, value]) => `| ${what} | ${value} |`)].join("\n");
}

function world(report: Report): string {
  const often = (hours: number): string =>
    hours < 24 ? `every ${hours} h` : hours === 24 ? "daily" : hours === 168 ? "weekly" : `every ${hours / 24} days`;
  return [
    "| what happens | on average | times |",
    "|---|---|---:|",
    ...badCell.map(({ what, every }) => `| ${what} | ${often(every)} | ${report.faults.get(what) ?? 0} |`),
    `| one byte in ${byteErrors.toLocaleString("en")} becomes another, both ways | always | |`,
    `| a publish every ${publishEvery / 60_000} min, a message in every ${messageEvery / 60_000} min | always | |`,
  ].join("\n");
}

function main(): number {
  const number = (text: string): number => {
    if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`not a number: ${text}`);
    return Number(text);
  };
  let days: number;
  let seed: number;
  let toPage: boolean;
  try {
    const { values } = parseArgs({
      options: {
        days: { type: "string", default: "30" },
        seed: { type: "string", default: "1" },
        write: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      return 0;
    }
    [days, seed, toPage] = [number(values.days), number(values.seed), values.write];
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  if (!(globalThis as { gc?: unknown }).gc) console.log("The heap is not measured: that needs node --expose-gc.");
  const began = performance.now();
  const report = soak({
    days,
    seed,
    onDay: ({ day, heap, timers }, { published, confirmed, heard, stats }) => {
      const line = `day ${day}: ${published} published, ${confirmed} confirmed, ${heard} heard, ${stats.reconnects} reconnects, ${timers} timers, ${(heap / 1e6).toFixed(2)} MB`;
      if (process.stdout.isTTY && day < days) process.stdout.write(`\r\x1b[K${line}`);
      else if (day % 5 === 0 || day === days) console.log(`${process.stdout.isTTY ? "\r\x1b[K" : ""}${line}`);
    },
  });
  const problems = judge(report);
  const text = `${world(report)}\n\n${table(report, (performance.now() - began) / 1000)}`;
  console.log(`\n${text}\n`);
  console.log(
    `Outcomes: ${[...report.outcomes]
      .sort()
      .map(([row, n]) => `${row} ${n}`)
      .join(", ")}`,
  );
  console.log(`Violations: ${[...report.violations].map(([kind, n]) => `${kind} ${n}`).join(", ") || "none"}`);
  for (const problem of problems) console.log(`WRONG: ${problem}`);
  if (problems.length === 0 && toPage) {
    writeFigures("soak", `${days} days in a bad cell (\`npm run test:soak\`), all of it simulated:\n\n${text}`);
  }
  console.log(problems.length === 0 ? "All is well." : `${problems.length} problems.`);
  return problems.length === 0 ? 0 : 1;
}

process.exitCode = main();
