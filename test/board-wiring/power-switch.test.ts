// The power switch's manual as tests: which pin has which level when, for every operation. No AT command, no real time.

import test from "ava";
import { type PowerSwitchOptions, powerSwitch } from "../../board-wiring/index.js";
import { SimClock } from "../../virtual-m95/time/sim-clock.js";
import { Input, type Level, Modem, type ModemHabits, Output, outcomes } from "./helpers.js";

interface Setup {
  status?: boolean;
  emergOff?: boolean;
  supply?: boolean;
  running?: boolean;
  habits?: Partial<ModemHabits>;
  options?: PowerSwitchOptions;
}

/** A modem on pins; the modem rises after 800 ms and logs off in 3 s. */
function bench(setup: Setup = {}) {
  const clock = new SimClock();
  const status = new Input();
  const habits = { rise: 800, minOn: 2000, logOff: 3000, emergency: 200, ...setup.habits };
  const modem = new Modem(clock, habits, status, setup.running ? "running" : setup.supply ? "no supply" : "off");
  const pressed = setup.options?.pwrkeyPressed ?? 1;
  const pwrkey = new Output(clock);
  const emergOff = new Output(clock);
  const supply = new Output(clock);
  pwrkey.onChange = (level) => modem.key(level === pressed);
  emergOff.onChange = (level) => modem.emergOff(level === 1);
  supply.onChange = (level) => modem.supply(level === 1);
  const power = powerSwitch(
    {
      pwrkey,
      ...(setup.status === false ? {} : { status }),
      ...(setup.emergOff ? { emergOff } : {}),
      ...(setup.supply ? { supply } : {}),
    },
    clock,
    setup.options,
  );
  const { list, done } = outcomes(clock);
  return { clock, status, modem, pwrkey, emergOff, supply, power, list, done };
}

const MINUTE = 60_000;

// At creation

test("at creation the key is released and EMERG_OFF let go, the supply is left as it is", (t) => {
  const { clock, pwrkey, emergOff, supply } = bench({ emergOff: true, supply: true });
  t.deepEqual(pwrkey.trace, [[0, 0]]);
  t.deepEqual(emergOff.trace, [[0, 0]]);
  t.deepEqual(supply.trace, []);
  t.is(clock.pending, 0);
});

test("a key that is pressed by 0 is released by 1", (t) => {
  const { clock, power, pwrkey, done } = bench({ options: { pwrkeyPressed: 0 } });
  power.on(done);
  clock.advance(MINUTE);
  t.deepEqual(pwrkey.trace, [
    [0, 1],
    [600, 0],
    [1400, 1],
  ]);
});

// With STATUS

test("on: rests the key for 600 ms, presses until STATUS rises, ends one look at STATUS later", (t) => {
  const { clock, power, pwrkey, list, done, modem } = bench();
  power.on(done);
  clock.advance(MINUTE);
  t.deepEqual(pwrkey.pulses(1), [[600, 800]]);
  t.deepEqual(list, [{ at: 1400 + 50 }]);
  t.true(power.isOn());
  t.deepEqual(modem.misread, []);
});

test("on: STATUS is looked at every 50 ms", (t) => {
  const { clock, power, pwrkey, done } = bench({ habits: { rise: 801 } });
  power.on(done);
  clock.advance(MINUTE);
  t.deepEqual(pwrkey.pulses(1), [[600, 850]]);
});

test("on: a STATUS that rises after the longest press is waited for", (t) => {
  const { clock, power, pwrkey, status, list, done } = bench({ habits: { rise: 1e6 } });
  power.on(done);
  clock.after(600 + 2100 + 1010, () => {
    status.level = 1;
  });
  clock.advance(MINUTE);
  t.deepEqual(pwrkey.pulses(1), [[600, 2100]]);
  t.deepEqual(list, [{ at: 600 + 2100 + 1050 }]);
});

test("on: a STATUS that never rises is EPOWER after press and boot time, with the key released", (t) => {
  const { clock, power, pwrkey, list, done } = bench({ habits: { rise: 1e6 } });
  power.on(done);
  clock.advance(MINUTE);
  t.deepEqual(pwrkey.pulses(1), [[600, 2100]]);
  t.deepEqual(list, [{ at: 600 + 2100 + 2000, code: "EPOWER", message: "STATUS stays low" }]);
  t.is(pwrkey.level, 0);
});

test("on: tries again when it is asked again from its own done", (t) => {
  const { clock, power, pwrkey, list, done } = bench({ habits: { rise: 1e6 } });
  power.on((error) => {
    done(error);
    power.on(done);
  });
  clock.advance(MINUTE);
  t.deepEqual(pwrkey.pulses(1), [
    [600, 2100],
    [5300, 2100],
  ]);
  t.deepEqual(
    list.map(({ at, code }) => [at, code]),
    [
      [4700, "EPOWER"],
      [9400, "EPOWER"],
    ],
  );
});

test("off: presses for 750 ms, ends when STATUS has fallen", (t) => {
  const { clock, power, pwrkey, list, done, modem } = bench({ running: true });
  power.off(done);
  clock.advance(MINUTE);
  t.deepEqual(pwrkey.pulses(1), [[600, 750]]);
  t.deepEqual(list, [{ at: 600 + 750 + 3000 }]);
  t.false(power.isOn());
  t.deepEqual(modem.misread, []);
});

test("off: a modem that takes 12 s to log off is waited for", (t) => {
  const { clock, power, list, done } = bench({ running: true, habits: { logOff: 12_000 } });
  power.off(done);
  clock.advance(MINUTE);
  t.deepEqual(list, [{ at: 600 + 750 + 12_000 }]);
});

test("off: a STATUS that never falls is EPOWER after 15 s, with the key released and the supply left on", (t) => {
  const { clock, power, pwrkey, supply, list, done } = bench({ running: true, supply: true, habits: { logOff: 1e6 } });
  power.off(done);
  clock.advance(MINUTE);
  t.deepEqual(list, [{ at: 600 + 750 + 15_000, code: "EPOWER", message: "STATUS stays high" }]);
  t.is(pwrkey.level, 0);
  t.deepEqual(supply.trace, []);
});

for (const running of [true, false])
  test(`STATUS already says ${running ? "on" : "off"}: no press`, (t) => {
    const { clock, power, pwrkey, list, done } = bench({ running });
    if (running) power.on(done);
    else power.off(done);
    clock.advance(MINUTE);
    t.deepEqual(pwrkey.pulses(1), []);
    t.deepEqual(list, [{ at: 0 }]);
  });

for (const running of [true, false])
  test(`STATUS comes to ${running ? "fall" : "rise"} while the key rests: no press`, (t) => {
    const { clock, power, pwrkey, status, list, done } = bench({ running });
    if (running) power.off(done);
    else power.on(done);
    clock.after(599, () => {
      status.level = running ? 0 : 1;
    });
    clock.advance(MINUTE);
    t.deepEqual(pwrkey.pulses(1), []);
    t.deepEqual(list, [{ at: 600 }]);
  });

// Without STATUS

test("blind on: presses for 2100 ms and gives the modem 2 s", (t) => {
  const { clock, power, pwrkey, list, done, modem } = bench({ status: false });
  power.on(done);
  clock.advance(MINUTE);
  t.deepEqual(pwrkey.pulses(1), [[600, 2100]]);
  t.deepEqual(list, [{ at: 600 + 2100 + 2000 }]);
  t.deepEqual(modem.misread, []);
});

test("blind off: presses for 750 ms and gives the modem 15 s", (t) => {
  const { clock, power, pwrkey, list, done, modem } = bench({ status: false, running: true });
  power.off(done);
  clock.advance(MINUTE);
  t.deepEqual(pwrkey.pulses(1), [[600, 750]]);
  t.deepEqual(list, [{ at: 600 + 750 + 15_000 }]);
  t.deepEqual(modem.misread, []);
});

test("blind, isOn is undefined whatever the switch did: it cannot know what became of the modem", (t) => {
  const { clock, power, done } = bench({ status: false, emergOff: true });
  t.is(power.isOn(), undefined);
  for (const operation of [power.on, power.off, power.kill!]) {
    operation.call(power, done);
    clock.advance(MINUTE);
    t.is(power.isOn(), undefined);
  }
});

test("blind, what the switch did itself it does not do twice", (t) => {
  const { clock, power, pwrkey, list, done } = bench({ status: false });
  for (const operation of ["on", "on", "off", "off"] as const) {
    power[operation](done);
    clock.advance(MINUTE);
  }
  t.deepEqual(
    pwrkey.pulses(1).map(([, length]) => length),
    [2100, 750],
  );
  t.is(list.length, 4);
});

test("blind off of a modem that is off already does not switch it on", (t) => {
  const { clock, power, done, modem } = bench({ status: false });
  power.off(done);
  clock.advance(MINUTE);
  t.is(modem.presses, 1);
  t.is(modem.state, "off");
});

for (const running of [true, false])
  test(`blind off and then on ends with a running modem, though it was ${running ? "on" : "off"}`, (t) => {
    const { clock, power, done, modem } = bench({ status: false, running });
    power.off(done);
    power.on(done);
    clock.advance(MINUTE);
    t.is(modem.state, "running");
    t.deepEqual(modem.misread, []);
  });

test("blind off and then on brings back a modem that went off by itself", (t) => {
  const { clock, power, done, modem } = bench({ status: false });
  power.on(done);
  clock.advance(MINUTE);
  modem.fail();
  clock.advance(MINUTE);
  power.off(done);
  power.on(done);
  clock.advance(MINUTE);
  t.is(modem.state, "running");
});

// Supply

test("on: the supply comes first, 600 ms before the key", (t) => {
  const { clock, power, pwrkey, supply, done } = bench({ supply: true });
  power.on(done);
  clock.advance(MINUTE);
  t.deepEqual(supply.trace, [[0, 1]]);
  t.is(pwrkey.pulses(1)[0]![0], 600);
});

test("off: the supply goes last, when STATUS has fallen", (t) => {
  const { clock, power, supply, done } = bench({ supply: true, running: true });
  power.off(done);
  clock.advance(MINUTE);
  t.deepEqual(supply.trace, [[600 + 750 + 3000, 0]]);
});

test("on and off take the supply along when the modem is there already", (t) => {
  const running = bench({ supply: true, running: true });
  running.power.on(running.done);
  running.clock.advance(MINUTE);
  t.deepEqual(running.supply.trace, [[0, 1]]);
  const off = bench({ supply: true });
  off.power.off(off.done);
  off.clock.advance(MINUTE);
  t.deepEqual(off.supply.trace, [[0, 0]]);
});

// Kill

test("kill: without EMERG_OFF and without a supply pin there is none", (t) => {
  t.is(bench().power.kill, undefined);
});

test("kill: asserts EMERG_OFF for 100 ms, ends 1.5 s later, touches no key", (t) => {
  const { clock, power, pwrkey, emergOff, list, done, modem } = bench({ emergOff: true, running: true });
  power.kill!(done);
  clock.advance(MINUTE);
  t.deepEqual(emergOff.pulses(1), [[0, 100]]);
  t.deepEqual(list, [{ at: 100 + 1500 }]);
  t.deepEqual(pwrkey.pulses(1), []);
  t.is(modem.state, "off");
});

test("kill: cuts the supply", (t) => {
  const { clock, power, supply, list, done } = bench({ supply: true, running: true });
  power.kill!(done);
  clock.advance(MINUTE);
  t.deepEqual(supply.trace, [[0, 0]]);
  t.deepEqual(list, [{ at: 1600 }]);
});

test("kill: with both, asserts EMERG_OFF, then cuts the supply, and on brings it back", (t) => {
  const { clock, power, supply, emergOff, done, modem } = bench({ emergOff: true, supply: true, running: true });
  power.kill!(done);
  clock.advance(5000);
  power.on(done);
  clock.advance(MINUTE);
  t.deepEqual(supply.trace, [
    [1600, 0],
    [5000, 1],
  ]);
  t.deepEqual(emergOff.pulses(1), [[0, 100]]);
  t.is(modem.state, "running");
});

test("cut: there with EMERG_OFF and a supply pin; without one of them, kill is all there is", (t) => {
  t.is(bench({ emergOff: true }).power.cut, undefined);
  t.is(bench({ supply: true }).power.cut, undefined);
});

test("cut: brings a modem down that EMERG_OFF has not, and leaves it without supply for 5 s", (t) => {
  const habits = { emergency: 1e6 };
  const { clock, power, supply, emergOff, list, done, modem } = bench({
    emergOff: true,
    supply: true,
    running: true,
    habits,
  });
  power.kill!(done);
  power.cut!(done);
  clock.advance(6000);
  t.deepEqual(list, [{ at: 1600, code: "EPOWER", message: "STATUS stays high" }]);
  power.on(done);
  clock.advance(MINUTE);
  t.deepEqual(list.slice(1, 2), [{ at: 1600 + 5000 }]);
  t.deepEqual(supply.trace, [
    [1600, 0],
    [6600, 1],
  ]);
  t.deepEqual(emergOff.pulses(1), [[0, 100]]);
  t.is(modem.state, "running");
});

test("kill: a STATUS that stays high is EPOWER, with EMERG_OFF let go", (t) => {
  const { clock, power, emergOff, list, done } = bench({ emergOff: true, running: true, habits: { emergency: 1e6 } });
  power.kill!(done);
  clock.advance(MINUTE);
  t.deepEqual(list, [{ at: 1600, code: "EPOWER", message: "STATUS stays high" }]);
  t.is(emergOff.level, 0);
});

test("kill: asserts EMERG_OFF whatever STATUS says, as it is the last resort", (t) => {
  const { clock, power, emergOff, done } = bench({ emergOff: true });
  power.kill!(done);
  clock.advance(MINUTE);
  t.deepEqual(emergOff.pulses(1), [[0, 100]]);
});

// One after another

test("off during the on-press: the press ends first, then the key rests, then the off-press", (t) => {
  const { clock, power, pwrkey, list, done, modem } = bench();
  power.on(done);
  clock.advance(1000);
  power.off(done);
  clock.advance(MINUTE);
  t.deepEqual(pwrkey.pulses(1), [
    [600, 800],
    [1450 + 600, 750],
  ]);
  t.deepEqual(list, [{ at: 1450 }, { at: 1450 + 600 + 750 + 3000 }]);
  t.deepEqual(modem.misread, []);
});

test("on while the modem logs off: waits until STATUS has fallen and the key has rested", (t) => {
  const { clock, power, pwrkey, done, modem } = bench({ running: true });
  power.off(done);
  clock.advance(2000);
  power.on(done);
  clock.advance(MINUTE);
  t.deepEqual(pwrkey.pulses(1), [
    [600, 750],
    [4350 + 600, 800],
  ]);
  t.deepEqual(modem.misread, []);
});

test("kill during the on-press: the press ends first", (t) => {
  const { clock, power, pwrkey, emergOff, done } = bench({ emergOff: true });
  power.on(done);
  clock.advance(1000);
  power.kill!(done);
  clock.advance(MINUTE);
  t.deepEqual(pwrkey.pulses(1), [[600, 800]]);
  t.deepEqual(emergOff.pulses(1), [[1450, 100]]);
});

test("the same operation twice is one operation, with one result for both", (t) => {
  const { clock, power, pwrkey, list, done } = bench({ habits: { rise: 1e6 } });
  power.on(done);
  clock.advance(1000);
  power.on(done);
  clock.advance(MINUTE);
  t.is(pwrkey.pulses(1).length, 1);
  t.deepEqual(
    list.map(({ at, code }) => [at, code]),
    [
      [4700, "EPOWER"],
      [4700, "EPOWER"],
    ],
  );
});

test("on, off, on: the last on does not join the first, the modem is restarted", (t) => {
  const { clock, power, list, done, modem } = bench();
  power.on(done);
  power.off(done);
  power.on(done);
  clock.advance(MINUTE);
  t.is(list.length, 3);
  t.is(modem.presses, 3);
  t.is(modem.state, "running");
  t.deepEqual(modem.misread, []);
});

test("done is never called before the call has returned", (t) => {
  const { power, list, done } = bench({ running: true });
  power.on(done);
  t.deepEqual(list, []);
});

test("a done that throws does not keep the next operation from running", (t) => {
  const { clock, power, list, done } = bench();
  power.on(() => {
    throw new Error("the caller's own");
  });
  power.off(done);
  t.throws(() => clock.advance(MINUTE), { message: "the caller's own" });
  clock.advance(MINUTE);
  t.is(list.length, 1);
});

// Options

test("every time can be set", (t) => {
  const options = { gap: 700, onPulse: 2500, bootTime: 10, offPulse: 900, offTime: 9000, killPulse: 30, killTime: 40 };
  const { clock, power, pwrkey, emergOff, list, done } = bench({ status: false, emergOff: true, options });
  power.on(done);
  power.off(done);
  power.kill!(done);
  clock.advance(MINUTE);
  t.deepEqual(pwrkey.pulses(1), [
    [700, 2500],
    [3210 + 700, 900],
  ]);
  t.deepEqual(emergOff.pulses(1), [[13_810, 30]]);
  t.deepEqual(list, [{ at: 3210 }, { at: 13_810 }, { at: 13_880 }]);
});

test("a pin may read booleans, as Espruino's Pin does", (t) => {
  const clock = new SimClock();
  const status = { read: () => true as unknown as Level };
  const power = powerSwitch({ pwrkey: new Output(clock), status }, clock);
  t.true(power.isOn());
});

// The simulated modem of these tests must notice what it is there to notice.

for (const [what, options, expected] of [
  ["a short rest", { gap: 400 }, "press 400 ms after STATUS fell"],
  ["a long off-press", { offPulse: 1000 }, "off-press of 1000 ms"],
  ["a short off-press", { offPulse: 650 }, "off-press of 650 ms"],
  ["a short blind on-press", { onPulse: 1500 }, "on-press of 1500 ms"],
  ["a short log-off", { offTime: 1000 }, "press while logging off"],
  ["a short EMERG_OFF", { killPulse: 10 }, "EMERG_OFF for 10 ms"],
] as [string, PowerSwitchOptions, string][])
  test(`the simulated modem objects to ${what}`, (t) => {
    const { clock, power, modem, done } = bench({ status: !!options.gap, running: true, emergOff: true, options });
    power.off(done);
    power.on(done);
    power.kill!(done);
    clock.advance(MINUTE);
    t.true(modem.misread.includes(expected), modem.misread.join());
  });

test("what is no pin for PWRKEY is refused at once", (t) => {
  const clock = new SimClock();
  for (const pins of [undefined, null, {}, { pwrkey: "B4" }])
    t.like(
      t.throws(() => powerSwitch(pins as never, clock)),
      { code: "EPARAM", message: "pwrkey must be a pin, with write" },
    );
});
