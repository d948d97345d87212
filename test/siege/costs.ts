// What a hostile publisher costs: how long publishes take while he fills a share of the line. It judges nothing; the table is that of
// docs/payloads.md.
import { execFileSync } from "node:child_process";
import { Draw } from "./draw.js";
import type { Kind, Rate } from "./plan.js";
import { DELAYS, FIRMWARE, SETUP, World } from "./world.js";

/** Publishes of a run, one a second, and ms in which the last of them may still be confirmed. */
const PUBLISHES = 60;
const PATIENCE = 120_000;

/** Shares of the line that messages fill. */
const SHARES = [0.1, 0.25, 0.5];

/** Lines that matter, one of them in each message. */
function lineOf(draw: Draw): string {
  return draw.pick([
    "OK",
    "ERROR",
    "+CME ERROR: 50",
    "> ",
    "+QMTSTAT: 1,1",
    `+QMTPUB: 1,${1 + draw.below(65535)},0`,
    "RDY",
    "AT+QMTCONN?",
  ]);
}

export interface Cost {
  /** ms to the callback of those that were confirmed, in ascending order. */
  took: number[];
  /** Ended with an error, and still waiting. */
  failed: number;
  waiting: number;
  /** What should not have happened. */
  faults: string[];
}

/** Publishes of client 1, of QoS 1, while client 0 gets messages at random times. @param hostile - else they are decent */
export function costOf(kind: Kind, baud: Rate, share: number, hostile = true): Cost {
  const w = new World({
    ...SETUP,
    baud,
    firmware: { ...FIRMWARE, lengths: kind === "lengths" },
    delays: { ...DELAYS, roundTrip: [600, 800] },
  });
  w.setUp([0, 1], ["cmd/+"], { queueLimit: PUBLISHES });
  const draw = new Draw(baud, share * 100);
  const next = (): void => {
    const payload = hostile ? `x\r\n\r\n${lineOf(draw)}\r\n` : `{"n":${draw.below(100)},"t":21.5}`;
    const before = w.wire.sent;
    w.qmt.inbound(0, "cmd/a", payload, 0);
    w.time.at(w.time.now() + draw.wait(((w.wire.sent - before) * w.wire.byteTime) / share), next);
  };
  next();
  const ops = Array.from({ length: PUBLISHES }, () => {
    const op = w.publish(1, "up", 1, "21.5");
    w.time.advance(1000);
    return op;
  });
  w.settle(PATIENCE);
  const ended = ops.filter((op) => op.calls > 0);
  return {
    took: ended
      .filter((op) => !op.error)
      .map((op) => op.doneAt - op.at)
      .sort((a, b) => a - b),
    failed: ended.filter((op) => op.error).length,
    waiting: ops.length - ended.length,
    faults: w.oracle.problems.map(({ rule, text }) => `${rule}: ${text}`),
  };
}

function cell({ took, failed, waiting, faults }: Cost): string {
  const seconds = (share: number): string => (took[Math.floor(share * (took.length - 1))]! / 1000).toFixed(1);
  const times = took.length ? `${seconds(0.5)} s, ${seconds(0.95)} s` : "none in time";
  const rest = [
    waiting ? `${waiting} wait` : "",
    failed ? `${failed} fail` : "",
    faults.length ? `${faults.length} wrong` : "",
  ];
  return [times, ...rest].filter(Boolean).join("; ");
}

/** The table, as Markdown; the commit that last changed the driver stands below it. */
export function* costTable(kinds: Kind[], rates: Rate[]): Generator<string> {
  yield "| firmware | baud | decent, a tenth | hostile, a tenth | a quarter | half |";
  yield "|---|---|---|---|---|---|";
  for (const kind of kinds)
    for (const rate of rates) {
      const costs = [costOf(kind, rate, SHARES[0]!, false), ...SHARES.map((share) => costOf(kind, rate, share))];
      yield `| ${kind} | ${rate} | ${costs.map(cell).join(" | ")} |`;
    }
  const git = (...args: string[]): string => execFileSync("git", args, { encoding: "utf8" }).trim();
  const commit = git("log", "-1", "--format=%h", "--", "core") + (git("status", "--porcelain", "core") && ", changed");
  yield `\nMedian and 95 % of ${PUBLISHES} publishes; core of commit ${commit}.`;
}
