// When the line counts as silent: at any rate, with hosts that gather bytes before they hand them over, and sooner while a command runs.
import test from "../../support/harness.js";
import { FramerRig } from "./rig.js";

const MESSAGE = "\r\n+QMTRECV: 0,0,t,a\r\n";

/** Lines of 6 bytes. */
const lines = (bytes: number): string => "\r\nOK\r\n".repeat(Math.ceil(bytes / 6));

/** ms from the last byte of a message to the silence behind it, when it comes in two pieces, so many ms apart. */
function noticed(hurried: boolean, apart: number): number {
  const rig = new FramerRig();
  let at = 0;
  rig.silent = () => {
    at = rig.clock.now();
  };
  rig.framer.hurried = hurried;
  rig.framer.receive(MESSAGE.slice(0, 12));
  rig.clock.advance(apart);
  rig.framer.receive(MESSAGE.slice(12));
  const last = rig.clock.now();
  rig.clock.advance(100);
  return at - last;
}

test("a silence is noticed when the line was looked at twice and nothing had come: 20 to 40 ms behind the last byte", (t) => {
  for (let apart = 0; apart < 20; apart++) {
    const ms = noticed(false, apart);
    t.true(ms >= 20 && ms <= 40, `${apart}: ${ms}`);
  }
});

test("while a command runs it is looked at four times as often: 20 to 25 ms", (t) => {
  for (let apart = 0; apart < 20; apart++) {
    const ms = noticed(true, apart);
    t.true(ms >= 20 && ms <= 25, `${apart}: ${ms}`);
  }
});

test("bytes between two looks begin the silence anew", (t) => {
  const rig = new FramerRig();
  rig.framer.hurried = true;
  rig.framer.receive(MESSAGE);
  for (let i = 0; i < 10; i++) {
    rig.clock.advance(15);
    rig.framer.receive("\r\n");
    t.deepEqual(rig.take(), []);
  }
  rig.clock.advance(65);
  t.regex(rig.take().join(), /^message /);
});

test("an empty line may be in front of what a host still gathers: until it is known whether it does, 512 bytes are waited for", (t) => {
  const rig = new FramerRig();
  rig.framer.rate(9600);
  rig.framer.receive(`${MESSAGE}\r\n`);
  rig.clock.advance(370);
  t.deepEqual(rig.take(), []);
  rig.framer.receive("+QMTRECV: 0,0,t,b\r\n\r\n");
  t.deepEqual(rig.take(), ["message? +QMTRECV: 0,0,t,a"]);
  rig.clock.advance(500);
  t.deepEqual(rig.take(), []);
  rig.clock.advance(200);
  t.deepEqual(rig.take(), ["message? +QMTRECV: 0,0,t,b\r\n"], "its own");
});

test("what was looked at before a reset does not shorten the first silence behind it", (t) => {
  const rig = new FramerRig();
  rig.framer.receive(MESSAGE);
  rig.framer.clear();
  rig.framer.hurried = true;
  rig.framer.receive(MESSAGE);
  rig.clock.advance(19);
  t.deepEqual(rig.take(), []);
  rig.clock.advance(1);
  t.deepEqual(rig.take(), ["message +QMTRECV: 0,0,t,a"]);
});

test("a chunk that was on the line for longer than a silence: the host gathers, and silences are longer by so much", (t) => {
  const { framer } = new FramerRig();
  t.is(framer.silence, 20);
  framer.receive(lines(150));
  t.is(framer.silence, 20, "150 bytes take 13 ms at 115200 baud");
  framer.receive(lines(228));
  t.is(framer.silence, 60, "19.8 ms: another time it may be twice as many");
  framer.receive(lines(600));
  t.is(framer.silence, 60, "what was learned stays");
  framer.receive(lines(8000));
  t.is(framer.silence, 560, "no host is waited for any longer");
  framer.rate(9600);
  t.is(framer.silence, 42, "at another rate it is learned anew");
  framer.receive(lines(64));
  t.is(framer.silence, 158, "69 ms for 66 bytes");
  framer.clear();
  t.is(framer.silence, 42);
});

test("a silence in front of a gathered chunk was none when its bytes had been coming all the while: what is in it may be payload", (t) => {
  for (const [pause, expected] of [
    // 26 ms for 300 bytes: 4 and 24 ms of them were silent.
    [30, ["message +QMTRECV: 0,0,t,a", "line? OK"]],
    [50, ["message +QMTRECV: 0,0,t,a", "line OK"]],
  ] as const) {
    const rig = new FramerRig();
    rig.framer.receive(MESSAGE);
    rig.clock.advance(pause);
    rig.framer.receive(lines(300));
    t.deepEqual(rig.take().slice(0, 2), expected, `${pause}`);
    rig.clock.advance(100);
    rig.framer.receive(lines(300));
    t.is(rig.take()[0], "line OK", "behind the next silence nothing is");
  }
});

test("a clock that is set back by more than a gathered chunk makes no doubt of the silence in front of it", (t) => {
  const rig = new FramerRig();
  rig.framer.receive(MESSAGE);
  rig.clock.advance(100);
  const { clock } = rig;
  const now = clock.now.bind(clock);
  clock.now = () => now() - 7200000;
  rig.framer.receive(lines(300));
  t.deepEqual(rig.take().slice(0, 2), ["message +QMTRECV: 0,0,t,a", "line OK"]);
});

test("a host that gathers more than is waited for: each of its chunks is judged", (t) => {
  const rig = new FramerRig(8000);
  rig.framer.receive(lines(7200));
  rig.take();
  rig.framer.receive(MESSAGE);
  rig.clock.advance(640);
  rig.framer.receive(lines(7200));
  t.deepEqual(rig.take().slice(0, 2), ["message +QMTRECV: 0,0,t,a", "line? OK"]);
});

// ---- what throws

test("a sink that throws: the rest of the chunk is lost, which is told, and the line goes on", (t) => {
  const rig = new FramerRig();
  const thrown: unknown[] = [];
  rig.threw = (error) => thrown.push((error as Error).message);
  rig.after = (event) => {
    if (event === "line B") throw new Error("no B");
  };
  rig.framer.receive("A\r\nB\r\nC\r\n");
  t.deepEqual(rig.take(), ["line A", "line B", "overrun"]);
  t.deepEqual(thrown, ["no B"]);
  rig.framer.receive("D\r\nE\r\n");
  t.deepEqual(rig.take(), ["line? E"], "up to a line end all is lost, and until the line is silent nothing is certain");
  rig.clock.advance(40);
  rig.framer.receive("F\r\n");
  t.deepEqual(rig.take(), ["line F"]);
});

test("the same where a message ends by silence", (t) => {
  const rig = new FramerRig();
  const thrown: unknown[] = [];
  rig.threw = (error) => thrown.push((error as Error).message);
  rig.after = (event) => {
    if (event.startsWith("message")) throw new Error("no messages");
  };
  rig.framer.receive(MESSAGE);
  rig.clock.advance(40);
  t.deepEqual([rig.take(), thrown], [["message +QMTRECV: 0,0,t,a", "overrun"], ["no messages"]]);
  rig.clock.advance(40);
  rig.framer.receive("\r\nF\r\n");
  t.deepEqual([rig.take(), rig.framer.open, rig.clock.pending], [["line F"], false, 0]);
});

test("what arrived meanwhile is lost with it; when telling of it throws as well, the port hears it, and nobody is deaf", (t) => {
  const rig = new FramerRig();
  rig.threw = (error) => {
    throw error;
  };
  rig.after = (event) => {
    rig.framer.receive("more\r\n");
    throw new Error(`no ${event}`);
  };
  t.throws(() => rig.framer.receive("A\r\n"), { message: "no overrun" });
  rig.after = () => undefined;
  rig.clock.advance(40);
  rig.framer.receive("\r\nF\r\n");
  t.deepEqual(rig.take(), ["line A", "overrun", "line F"]);
});

test("a host that is late with its timers was busy, and may not have read what there is: it gets four turns", (t) => {
  const rig = new FramerRig();
  const { clock } = rig;
  const { after } = clock;
  // Each look comes 10 ms late: 20 ms, and three turns of 20 ms.
  clock.after = (ms, fn) => after.call(clock, ms + 10, fn);
  rig.framer.receive(MESSAGE);
  clock.advance(119);
  t.deepEqual(rig.take(), []);
  clock.advance(1);
  t.deepEqual(rig.take(), ["message +QMTRECV: 0,0,t,a"]);
});
