// Lessons from the field about connections that no other test tells by themselves. Numbers: docs/reliability.md.
import test from "ava";
import { bench, finish, outcome } from "../client/support.js";
import { fingerprint } from "../model/explore.js";

test("lesson 43: accepted and then kicked, again and again: the pauses grow, until a connection has lasted a minute", (t) => {
  const b = bench({ reconnectPeriod: 1000, maxReconnectPeriod: 64_000 }, { modem: { random: () => 0.999 } });
  const pause = (): number => {
    const from = b.clock.now();
    b.broker.kickAll();
    b.until("down", () => !b.client.connected);
    b.until("up", () => b.client.connected);
    return b.clock.now() - from;
  };
  const pauses = [1, 2, 3, 4, 5].map(pause);
  for (let i = 1; i < pauses.length; i++) t.true(pauses[i]! > pauses[i - 1]! * 1.3, `${pauses}`);
  b.clock.advance(61_000);
  t.true(pause() < pauses[1]!, "behind a good connection the waiting starts from the first pause again");
});

test("lesson 46: a thousand reconnects leave nothing behind: no timer, no listener, no longer list", (t) => {
  const b = bench({ reconnectPeriod: 1, maxReconnectPeriod: 1 });
  b.client.subscribe("t", { qos: 1 });
  const size = (): number => fingerprint(b.modem, b.clock, [b.virtual as object]).length;
  const again = (): void => {
    b.broker.kickAll();
    b.until("down", () => !b.client.connected);
    b.until("up", () => b.client.connected);
    b.clock.advance(2000);
    b.trace.length = 0;
  };
  for (let i = 0; i < 10; i++) again();
  const before = [size(), b.clock.pending];
  for (let i = 0; i < 1000; i++) again();
  t.is(b.modem.stats.connects, 1011);
  t.is(b.clock.pending, before[1]!);
  t.true(Math.abs(size() - before[0]!) < 40, `${before[0]} characters of state, then ${size()}`);
  t.is(finish(b), 0);
});

test("lesson 48: the link drops while a QoS 0 publish is under way: its callback comes, once", (t) => {
  for (let delay = 0; delay < 400; delay += 7) {
    const b = bench();
    const results: string[] = [];
    b.client.publish("t", "x", {}, outcome(results, "publish"));
    b.clock.advance(delay);
    b.broker.kickAll();
    b.until("told", () => results.length > 0);
    b.until("connected again", () => b.client.connected);
    b.clock.advance(60_000);
    t.is(results.length, 1, `${delay} ms: ${results}`);
    t.true(["publish ok", "publish EUNKNOWN"].includes(results[0]!), `${delay} ms: ${results}`);
  }
});
