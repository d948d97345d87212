// The scaled clock: its speed, its order, and that a busy process neither skips time nor reads too late.
import { once } from "node:events";
import net from "node:net";
import test from "ava";
import { ScaledClock } from "../../virtual-m95/index.js";

/** Keeps the process from doing anything else. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test("time runs faster by the factor, never backwards", async (t) => {
  const clock = new ScaledClock(10);
  const start = performance.now();
  await new Promise<void>((resolve) => clock.after(1000, resolve));
  t.true(performance.now() - start >= 99);
  t.true(clock.now() >= 1000);
  let last = 0;
  for (let i = 0; i < 1000; i++) {
    const now = clock.now();
    t.true(now >= last);
    last = now;
  }
  for (const speed of [0, -1, Number.NaN]) t.throws(() => new ScaledClock(speed), { instanceOf: RangeError });
});

test("timers run in the order of their times, equal ones as they were made, cancelled ones never", async (t) => {
  const clock = new ScaledClock(50);
  const ran: string[] = [];
  const timers = ["a", "b", "c"].map((name) => clock.after(200, () => ran.push(name)));
  clock.after(100, () => {
    ran.push("first");
    clock.cancel(timers[1]);
  });
  clock.after(-5, () => ran.push("at once"));
  await new Promise<void>((resolve) => clock.after(300, resolve));
  clock.cancel(timers[0]);
  t.deepEqual(ran, ["at once", "first", "a", "c"]);
});

test("a blocked process: timers see the time they are due at, and the rest of the block does not count", async (t) => {
  const clock = new ScaledClock(10);
  const seen: number[] = [];
  for (const ms of [100, 200, 300]) clock.after(ms, () => seen.push(clock.now()));
  block(200);
  await new Promise<void>((resolve) => clock.after(400, resolve));
  t.is(seen.length, 3);
  // Blocked for 2000 ms of its time, of which next to nothing passed.
  seen.forEach((now, i) => {
    t.true(now >= (i + 1) * 100 && now < (i + 1) * 100 + 60, String(seen));
  });
});

test("what arrived during a block is read before a timer that came due in it", async (t) => {
  const server = net.createServer((socket) => socket.end("x"));
  t.teardown(() => server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const socket = net.connect((server.address() as net.AddressInfo).port, "127.0.0.1");
  const clock = new ScaledClock(50);
  const order: string[] = [];
  socket.once("data", () => order.push("data"));
  await once(socket, "connect");
  const timer = new Promise<void>((resolve) => {
    clock.after(500, () => {
      order.push("timer");
      resolve();
    });
  });
  block(50);
  await timer;
  t.deepEqual(order, ["data", "timer"]);
});
