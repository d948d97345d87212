// A modem that reboots without a word verifies nobody any more: wherever that happens on the way to a connection, user name
// and password go out over a verified one or not at all. What tells of it is the echo, which the driver does not store away.
import test, { type ExecutionContext } from "ava";
import type { M95Options } from "../../core/index.js";
import type { TlsSettings } from "../../tls/settings.js";
import type { Handlers } from "../../virtual-m95/network/network.js";
import { type Bench, bench, ca, connect } from "./support.js";

/** Says at each dial whether the modem will look at the broker's certificate. */
function watched(b: Bench): { verified: boolean; sent: boolean[] } {
  const { network } = b.broker;
  const seen = { verified: false, sent: [] as boolean[] };
  const plain = network.connect.bind(network);
  network.connect = (host: string, port: number, handlers: Handlers) => {
    seen.verified = false;
    return plain(host, port, handlers);
  };
  network.connectTls = (host: string, port: number, handlers: Handlers, settings: TlsSettings) => {
    seen.verified = settings.refuse([]) !== undefined;
    return plain(host, port, handlers);
  };
  b.modem.on("trace", (direction, text) => {
    if (direction === ">" && text.startsWith("AT+QMTCONN=")) seen.sent.push(seen.verified);
  });
  return seen;
}

/** A modem at a fixed rate that activates its PDP context by itself, so that nothing else stands in the way. */
function ready(modem: Partial<M95Options>, stored: string): Bench {
  const b = bench({ ca, ignoreTime: true }, modem, { baud: 115200, quirks: { selfActivate: true } });
  b.virtual.uart.write(`${stored}&W\r`);
  b.clock.advance(500);
  return b;
}

const secrets = { username: "user", password: "secret", maxReconnectPeriod: 5000 };

/** Connects while the modem reboots `after` ms behind the n-th command; the number of commands until it is connected. */
function interrupted(t: ExecutionContext, stored: string, n: number, after: number, other: string): number {
  const b = ready({ baud: 115200 }, stored);
  const seen = watched(b);
  let started = false;
  b.modem.start(() => {
    started = true;
  });
  b.until("ready", () => started);
  let commands = 0;
  b.modem.on("trace", (direction, text) => {
    if (direction !== ">" || !text.startsWith("AT+")) return;
    if (commands++ !== n) return;
    if (other) b.modem.command(other, () => {});
    b.clock.after(after, () => b.virtual.faults.start("silent-reboot"));
  });
  const client = connect(b, secrets);
  b.until("connected", () => client.connected);
  const all = commands;
  b.clock.advance(10_000);
  b.until("connected in the end", () => client.connected);
  t.deepEqual([...new Set(seen.sent)], [true], `stored ${stored}, reboot ${after} ms behind command ${n}, ${other}`);
  return all;
}

for (const [what, stored] of [
  ["as it comes", "ATE1"],
  ["with the echo stored off by somebody", "ATE0"],
] as const)
  test(`the modem reboots behind each command up to the connection, ${what}`, (t) => {
    const all = interrupted(t, stored, -1, 0, "");
    t.true(all > 10);
    for (let n = 0; n < all; n++)
      // A search for networks takes as long as a boot.
      for (const after of [0, 6, 40]) for (const other of ["", "AT+COPS=?"]) interrupted(t, stored, n, after, other);
  });

test("what is stored with the rate leaves the echo on: a reboot whose RDY is lost shows, and TLS is set up anew", (t) => {
  const b = bench({ ca, ignoreTime: true }, { baud: 115200 }, { quirks: { selfActivate: true } });
  const seen = watched(b);
  const client = connect(b, secrets);
  b.until("connected", () => client.connected);
  t.true(b.trace.includes(">AT+IPR=115200&W\r"));
  b.virtual.faults.start("silent-reboot");
  b.until("connected again", () => b.modem.stats.connects === 2);
  t.is(b.modem.stats.restarts, 1);
  t.deepEqual(seen.sent, [true, true]);
});
