// Property: whatever users and the world do to modem and clients, nothing hangs and nothing lies. The model is weak on
// purpose: it counts callbacks and compares confirmations with what the broker got.
import test from "ava";
import fc from "fast-check";
import type { MqttClient } from "../../core/index.js";
import { type Rig, rig } from "../support/rig.js";

type Step =
  | { do: "publish"; client: number; qos: 0 | 1 | 2 }
  | { do: "subscribe" | "unsubscribe"; client: number; topics: number }
  | { do: "connect"; resend: boolean }
  | { do: "end"; client: number; force: boolean }
  | { do: "command" | "stop" | "start" | "restart" | "kick" | "reboot" | "dropPdp" | "brownOut" }
  | { do: "dropLink"; client: number; code: number }
  | { do: "hang" | "networkDown" | "brokerDown"; ms: number };

const client = fc.nat(2);
const ms = fc.integer({ min: 10, max: 60_000 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("publish" as const), client, qos: fc.constantFrom(0, 1, 2) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("subscribe" as const, "unsubscribe" as const),
      client,
      topics: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("connect" as const), resend: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("end" as const), client, force: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom("command", "command", "stop", "start", "restart", "kick", "reboot", "dropPdp", "brownOut"),
    }) as fc.Arbitrary<Step>,
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("dropLink" as const), client, code: fc.integer({ min: 1, max: 7 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom("hang" as const, "networkDown" as const, "brokerDown" as const), ms }),
  },
);
const pause = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 30_000 }));

/** Simulated ms in which everything is to stand again: back-off, a silent modem's time-outs, power, registration. */
const HEALING = 20 * 60_000;

class World {
  readonly rig: Rig;
  readonly clients: { client: MqttClient; id: string; ended: boolean; ends: number }[] = [];
  /** Calls made and not yet answered. */
  readonly open = new Map<number, string>();
  readonly confirmed: string[] = [];
  readonly problems: string[] = [];
  #calls = 0;

  constructor(seedShape: 1 | 2 | 3 | 4) {
    this.rig = rig({ broker: { receivedLimit: 100_000 }, virtual: { quirks: { recvShape: seedShape } } });
    this.rig.modem.on("error", () => {});
  }

  /** A callback that has to be called once. */
  callback(what: string, then: (error?: Error | null) => void = () => {}): (error?: Error | null) => void {
    const call = this.#calls++;
    this.open.set(call, what);
    return (error) => {
      if (!this.open.delete(call)) this.problems.push(`${what} was called back twice`);
      then(error);
    };
  }

  perform(step: Step): void {
    const { modem, virtual, broker, clock } = this.rig;
    const target = "client" in step ? this.clients[step.client] : undefined;
    switch (step.do) {
      case "publish": {
        if (!target) return;
        const text = `payload ${this.#calls}`;
        const qos = step.qos;
        target.client.publish(
          `t/${qos}`,
          text,
          { qos },
          this.callback(text, (error) => {
            if (!error && qos > 0) this.confirmed.push(text);
          }),
        );
        return;
      }
      case "subscribe": {
        const topics = Array.from({ length: step.topics }, (_, i) => `s/${i}`);
        target?.client.subscribe(topics, { qos: 1 }, this.callback("subscribe"));
        return;
      }
      case "unsubscribe":
        target?.client.unsubscribe("s/0", this.callback("unsubscribe"));
        return;
      case "connect": {
        if (this.clients.filter((one) => !one.ended).length >= 3) return;
        const id = `client-${this.clients.length}`;
        const made = modem.connect({
          host: "broker.example",
          clientId: id,
          keepalive: 0,
          unknown: step.resend ? "resend" : "report",
        });
        const entry = { client: made, id, ended: false, ends: 0 };
        made.on("error", () => {});
        made.on("end", () => {
          entry.ended = true;
          if (++entry.ends > 1) this.problems.push(`${id}: "end" twice`);
        });
        this.clients.unshift(entry);
        return;
      }
      case "end":
        target?.client.end(step.force, this.callback("end"));
        return;
      case "command":
        modem.command("AT+CSQ", {}, this.callback("command"));
        return;
      case "stop":
        modem.stop(this.callback("stop"));
        return;
      case "start":
        modem.start(this.callback("start"));
        return;
      case "restart":
        broker.restart();
        return;
      case "kick":
        broker.kickAll();
        return;
      case "reboot":
        virtual.reboot();
        return;
      case "dropPdp":
        virtual.dropPdp();
        return;
      case "brownOut":
        virtual.brownOut();
        return;
      case "dropLink":
        virtual.dropLink(step.client, step.code);
        return;
      case "hang":
        virtual.hang(step.ms);
        return;
      case "networkDown":
        virtual.networkDown(true);
        clock.after(step.ms, () => virtual.networkDown(false));
        return;
      case "brokerDown":
        broker.stop();
        clock.after(step.ms, () => broker.start());
        return;
    }
  }
}

/**
 * What a host cannot avoid: bytes on their way while the modem loses its power, commands sent while a reset or a hang
 * makes it forget what it was doing, and data for a prompt that a reset has closed.
 */
const UNAVOIDABLE = ["sent-while-off", "busy", "data-without-prompt"];

test("nothing hangs and nothing lies, whatever happens", (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom<1 | 2 | 3 | 4>(1, 2, 3, 4),
      fc.array(fc.tuple(step, pause), { minLength: 1, maxLength: 30 }),
      (shape, steps) => {
        const world = new World(shape);
        const { clock, virtual, broker, modem } = world.rig;
        world.perform({ do: "connect", resend: false });
        for (const [what, wait] of steps) {
          world.perform(what);
          clock.advance(wait);
        }
        // The disturbances end, the longest of them within a minute.
        clock.advance(60_000);
        const living = () => world.clients.filter((one) => !one.ended);
        const healed = clock.run(() => living().every((one) => one.client.connected), HEALING);
        if (!healed)
          throw new Error(
            `not connected again: ${living().map((one) => one.client.state)}, modem ${modem.state}\n${world.rig.trace.slice(-60).join("\n")}`,
          );
        clock.advance(60_000);
        modem.stop(world.callback("last stop"));
        clock.run(() => world.open.size === 0, HEALING);
        clock.advance(60_000);
        if (world.open.size) throw new Error(`never called back: ${[...world.open.values()]}`);
        if (world.problems.length) throw new Error(world.problems.join("\n"));
        if (living().length) throw new Error("clients outlive stop");
        if (modem.state !== "off") throw new Error(`modem ${modem.state} after stop`);
        if (clock.pending) throw new Error(`${clock.pending} timers left`);
        const received = new Set(broker.received.map((one) => one.payload.toString()));
        const lies = world.confirmed.filter((text) => !received.has(text));
        if (lies.length) throw new Error(`confirmed but not received: ${lies}`);
        const bad = virtual.violations.filter((one) => !UNAVOIDABLE.includes(one.kind));
        if (bad.length) throw new Error(JSON.stringify(bad));
      },
    ),
    { numRuns: 400 },
  );
  t.pass();
});
