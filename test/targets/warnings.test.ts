// What reaches the console of a process on Node: warnings of one kind once, silence of each modem, and what does not.
import test from "ava";
import { M95 } from "../../targets/node/index.js";
import { warnOnce } from "../../targets/node/warn.js";
import { MemoryBroker, SimClock, VirtualM95, type VirtualM95Options } from "../../virtual-m95/index.js";

const warned: string[] = [];
process.emitWarning = ((text: string) => warned.push(text)) as never;

function rig(options: Partial<VirtualM95Options> = {}) {
  const clock = new SimClock();
  const broker = new MemoryBroker({ clock, latency: 100 });
  const virtual = new VirtualM95({ clock, network: broker.network, poweredOn: true, ...options });
  const modem = new M95({ uart: virtual.uart, clock, apn: "internet" });
  modem.on("error", () => {});
  return { clock, broker, virtual, modem };
}

test.serial("whatever a listener throws, its event is told of once; what is another kind is told all the same", (t) => {
  const { modem } = rig();
  warned.length = 0;
  let count = 0;
  modem.on("urc", () => {
    throw new Error(`the ${count}th`);
  });
  for (count = 0; count < 120; count++) modem.emit("urc", "x");
  t.deepEqual(warned, ["a listener or callback threw: the 0th"]);
  modem.on("ready", () => {
    throw new Error("of another event");
  });
  modem.emit("ready");
  t.is(warned[1], "a listener or callback threw: of another event");
  // However many kinds there are, none is kept quiet.
  for (let i = 0; i < 120; i++) warnOnce(`kind ${i}`, `${i}`);
  t.is(warned.length, 122);
});

test.serial("each modem that says nothing is told of within 15 s, each once", (t) => {
  warned.length = 0;
  const one = rig();
  one.virtual.hang();
  one.modem.start(() => {});
  one.clock.advance(14_999);
  t.is(warned.length, 1);
  const other = rig();
  other.virtual.hang();
  other.modem.start(() => {});
  other.clock.advance(14_999);
  t.is(warned.length, 2);
  other.clock.advance(600_000);
  t.is(warned.length, 2);
  for (const text of warned) t.regex(text, /^no answer from the modem in 12 s: is it powered, /);
});

test.serial("a modem that falls silent while it is brought up is told of within 15 s", (t) => {
  for (const state of ["sim", "registering", "attaching"] as const) {
    warned.length = 0;
    const { clock, virtual, modem } = rig();
    modem.start(() => {});
    clock.run(() => modem.state === state, 60_000);
    virtual.hang();
    clock.advance(15_000);
    t.is(warned.length, 1, state);
    t.regex(warned[0]!, /^no answer from the modem in 12 s: /, state);
    if (state === "attaching") t.true(warned[0]!.endsWith("it is attaching, which it may be busy with, or it hangs"));
  }
});

test.serial("unreadable bytes are another word than none", (t) => {
  warned.length = 0;
  const { clock, virtual, modem } = rig();
  virtual.hang();
  modem.start(() => {});
  clock.advance(4000);
  virtual.uart.onReceive("\xfe\xfc\xff");
  clock.advance(10_999);
  t.deepEqual(warned, ["what comes from the modem is unreadable: another rate than the port's, or another device?"]);
});

test.serial("a bring-up that takes long is no warning as long as the modem answers", (t) => {
  warned.length = 0;
  const { clock, modem } = rig({ registerAfter: 110_000 });
  modem.start(() => {});
  clock.advance(100_000);
  t.is(modem.state, "registering");
  t.deepEqual(warned, []);
});
