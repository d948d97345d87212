// Random calls at random times against a simulated modem: no press may be misread, whatever the caller does.

import assert from "node:assert/strict";
import test from "ava";
import fc from "fast-check";
import { powerSwitch } from "../../board-wiring/index.js";
import { SimClock } from "../../virtual-m95/time/sim-clock.js";
import { Input, Modem, Output } from "./helpers.js";

const habits = fc.record({
  rise: fc.integer({ min: 760, max: 1500 }),
  minOn: fc.constantFrom(1000, 2000),
  logOff: fc.integer({ min: 2000, max: 12_000 }),
  emergency: fc.integer({ min: 10, max: 1400 }),
});

const calls = fc.array(
  fc.record({
    wait: fc.oneof(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 30_000 })),
    what: fc.constantFrom("on", "off", "kill", "cut"),
  }),
  { minLength: 1, maxLength: 12 },
);

const wiring = fc.record({
  status: fc.boolean(),
  emergOff: fc.boolean(),
  supply: fc.boolean(),
  pressed: fc.constantFrom<0 | 1>(0, 1),
  running: fc.boolean(),
});

test("no press is misread, every pin ends released, every done is called once, and the last call wins", (t) => {
  fc.assert(
    fc.property(wiring, habits, calls, (w, h, plan) => {
      const clock = new SimClock();
      const status = new Input();
      const modem = new Modem(clock, h, status, w.running ? "running" : w.supply ? "no supply" : "off");
      const pwrkey = new Output(clock);
      const emergOff = new Output(clock);
      const supply = new Output(clock);
      pwrkey.onChange = (level) => modem.key(level === w.pressed);
      emergOff.onChange = (level) => modem.emergOff(level === 1);
      supply.onChange = (level) => modem.supply(level === 1);
      const power = powerSwitch(
        {
          pwrkey,
          ...(w.status ? { status } : {}),
          ...(w.emergOff ? { emergOff } : {}),
          ...(w.supply ? { supply } : {}),
        },
        clock,
        { pwrkeyPressed: w.pressed },
      );
      const done: number[] = [];
      let last = "";
      const call = (what: "on" | "off" | "kill" | "cut") => {
        const id = done.push(0) - 1;
        power[what]!((error) => {
          done[id]!++;
          assert.ok(!error);
        });
        last = what;
      };
      // Without STATUS the caller must not call `on` with a running modem: here it starts with `off`.
      if (!w.status && w.running) call("off");
      for (const { wait, what } of plan) {
        clock.advance(wait);
        if (power[what as "kill"]) call(what as "kill");
      }
      clock.advance(plan.length * 30_000);

      assert.deepEqual(modem.misread, []);
      assert.equal(pwrkey.level, w.pressed ? 0 : 1);
      if (w.emergOff) assert.equal(emergOff.level, 0);
      assert.ok(done.every((times) => times === 1));
      assert.equal(clock.pending, 0);
      if (last) {
        assert.equal(modem.state === "running", last === "on");
        assert.equal(power.isOn(), w.status ? last === "on" : undefined);
      }
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

test("with STATUS, a modem that goes off by itself at any time is switched on by the next on that finds it off", (t) => {
  fc.assert(
    fc.property(habits, calls, fc.integer({ min: 0, max: 60_000 }), (h, plan, failure) => {
      const clock = new SimClock();
      const status = new Input();
      const modem = new Modem(clock, h, status, "running");
      const pwrkey = new Output(clock);
      pwrkey.onChange = (level) => modem.key(level === 1);
      const power = powerSwitch({ pwrkey, status }, clock);
      clock.after(failure, () => modem.fail());
      for (const { wait, what } of plan) {
        clock.advance(wait);
        power[what === "on" ? "on" : "off"](() => {});
      }
      clock.advance(400_000);
      power.on(() => {});
      clock.advance(10_000);
      assert.equal(modem.state, "running");
      assert.equal(pwrkey.level, 0);
    }),
    { numRuns: 500 },
  );
  t.pass();
});
