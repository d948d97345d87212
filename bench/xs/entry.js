// The script that XS gets: the core before a scripted modem, on a clock that the bench moves. It measures nothing itself.
import { M95 } from "../../build/core/index.js";
import { messages, scriptedModem } from "../scripted-modem.js";

const CHUNK = 64;

let now = 0;
let timers = [];
const clock = {
  now: () => now,
  after(ms, fn) {
    const timer = { at: now + ms, fn };
    timers.push(timer);
    return timer;
  },
  cancel(timer) {
    timers = timers.filter((one) => one !== timer);
  },
};

/** Lets `ms` go by, timer after timer. */
function run(ms) {
  const end = now + ms;
  for (;;) {
    const next = timers.reduce((first, one) => (!first || one.at < first.at ? one : first), undefined);
    if (!next || next.at > end) break;
    clock.cancel(next);
    now = Math.max(now, next.at);
    next.fn();
  }
  now = end;
}

let uart;
let client;
let got = 0;

globalThis.bench = {
  connect() {
    uart = scriptedModem((fn) => clock.after(1, fn));
    const modem = new M95({ uart, clock, apn: "internet" });
    client = modem.connect({ host: "h" });
    client.on("message", (_topic, payload) => {
      got += payload.length;
    });
    run(60_000);
    if (!client.connected) throw new Error("not connected");
  },
  /** Prepared apart from the feeding, which is measured: the chunks of `count` messages. */
  prepare(count) {
    const text = messages(count);
    bench.chunks = [];
    for (let i = 0; i < text.length; i += CHUNK) bench.chunks.push(text.slice(i, i + CHUNK));
  },
  feed(times) {
    for (let i = 0; i < times; i++) for (const chunk of bench.chunks) uart.onReceive(chunk);
  },
  /** The silence behind the last message ends it. */
  settle(count) {
    run(60_000);
    if (got !== count * 36) throw new Error(`${got} bytes of ${count} messages`);
    got = 0;
  },
};
