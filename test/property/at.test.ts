// Properties of the AT layer, on Node only: any chunking gives the same events; nothing throws, hangs or grows, whatever
// the line says. Single exchanges are in test/core/at.
import assert from "node:assert/strict";
import test from "ava";
import fc from "fast-check";
import type { Framer } from "../../core/at/framer.js";
import { number, quote, split } from "../../core/at/params.js";
import { QUEUE_LIMIT } from "../../core/at/session.js";
import { M95Error } from "../../core/errors.js";
import { CHUNK, FramerRig, LIMIT, SessionRig } from "../core/at/rig.js";

/** Baud; what a host gathers takes no time on such a line, so that chunks of any size tell nothing of silences. */
const FAST = 1_000_000;

const RUNS = { numRuns: 600 };

const bytes = (maxLength: number) =>
  fc.array(fc.integer({ min: 0, max: 255 }), { maxLength }).map((list) => String.fromCharCode(...list));

/** Valid pieces of a conversation, pieces of them, and noise. */
const piece = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom("\r\n", "\n", "\r\r\n", "\r", "> ", ">", " ", "\x1a", "\x1b", "\x00", "\xff"),
  },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(
        ..."OK|ERROR|+CME ERROR: 10|+CMS ERROR: 500|+CSQ: 20,0|+CREG: 0,1|+QMTSTAT: 0,1|+QMTPUB: 0,1,0|RDY|CONNECT".split(
          "|",
        ),
        ..."10.0.0.1|DEACT OK|AT|ATV1|NORMAL POWER DOWN|AT+CSQ|+QMTCONN: 0,3|0|hello".split("|"),
      )
      .map((line) => `\r\n${line}\r\n`),
  },
  { weight: 2, arbitrary: bytes(60).map((payload) => `\r\n+QMTRECV: 0,1,t,${payload}\r\n`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("+QMT", "RECV: 0,", "O", "K", "+CME ERR", "x".repeat(LIMIT - 1), "x".repeat(300)),
  },
  { weight: 1, arbitrary: bytes(20) },
);

const conversation = fc.oneof(
  { weight: 4, arbitrary: fc.array(piece, { maxLength: 25 }).map((list) => list.join("")) },
  { weight: 1, arbitrary: bytes(500) },
);

/** Lengths of chunks, used round and round. */
const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 80 })), {
  minLength: 1,
  maxLength: 12,
});

function chunks(text: string, lengths: number[]): string[] {
  const list: string[] = [];
  for (let at = 0, i = 0; at < text.length; i++) {
    const length = lengths[i % lengths.length]!;
    list.push(text.slice(at, at + length));
    at += length;
  }
  return list;
}

/** A prompt at the start of a line beyond the limit is seen only when it comes in a chunk of its own. */
function hasLongLine(text: string): boolean {
  return text.split("\n").some((line) => line.length > LIMIT);
}

/** What the framer keeps, wherever it keeps it. */
function held(framer: Framer): number {
  const inside = framer as unknown as { held: string | undefined; _more: string; _text?: string };
  const size = (inside.held ?? "").length;
  return size + inside._more.length + (inside._text ?? "").length;
}

test("any chunking of anything gives the framer's same events", (t) => {
  fc.assert(
    fc.property(conversation, sizes, fc.boolean(), fc.boolean(), (text, lengths, strict, prompt) => {
      const told = [[CHUNK], lengths, [1]].map((cut) => {
        const rig = new FramerRig();
        rig.framer.rate(FAST);
        rig.framer.strict = strict;
        if (prompt && !hasLongLine(text)) rig.framer.expect(">");
        for (const chunk of chunks(text, cut)) rig.framer.receive(chunk);
        rig.clock.advance(2000);
        return rig.take();
      });
      assert.deepEqual(told[1], told[0]);
      assert.deepEqual(told[2], told[0]);
    }),
    RUNS,
  );
  t.pass();
});

test("any chunking gives the session's same events, and the same ends of its commands", (t) => {
  fc.assert(
    fc.property(conversation, conversation, sizes, (before, answer, lengths) => {
      fc.pre(!hasLongLine(answer));
      const told = [[CHUNK], lengths, [1]].map((cut) => {
        const rig = new SessionRig();
        rig.session.framer.rate(FAST);
        rig.uart.cut = (text) => chunks(text, cut);
        rig.uart.reply("AT+CSQ\r", answer).reply("AT+QMTPUB\r", answer).reply("x\x1a", answer).reply("AT\r", answer);
        rig.uart.feed(before);
        rig.send("AT+CSQ", { info: "+CSQ:" });
        rig.send("AT+QMTPUB", { prompt: ">", data: "x\x1a" });
        rig.send("AT+QILOCIP", { final: "#.#.#.#" });
        return rig.settle(200_000);
      });
      assert.deepEqual(told[1], told[0]);
      assert.deepEqual(told[2], told[0]);
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test("nothing that is received makes the framer throw or grow, from inside its own events neither", (t) => {
  fc.assert(
    fc.property(conversation, sizes, fc.integer({ min: 0, max: 40 }), conversation, (text, lengths, pause, more) => {
      const rig = new FramerRig();
      rig.framer.rate(FAST);
      let left = 3;
      rig.after = () => {
        if (left-- > 0) rig.framer.receive(more);
        assert.ok(held(rig.framer) <= 3 * LIMIT);
      };
      for (const chunk of chunks(text, lengths)) {
        rig.framer.receive(chunk);
        rig.clock.advance(pause);
        assert.ok(held(rig.framer) <= 3 * LIMIT);
        assert.ok(rig.clock.pending <= 1);
      }
      rig.clock.advance(5000);
      assert.equal(rig.clock.pending, 0);
      assert.ok(held(rig.framer) <= LIMIT, "a message does not wait for ever");
    }),
    RUNS,
  );
  t.pass();
});

/** What may happen to a session, in any order. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ feed: conversation, sizes }) },
  { weight: 4, arbitrary: fc.record({ wait: fc.integer({ min: 0, max: 1500 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      send: fc.constantFrom("AT+CSQ", "AT+CREG?", "AT+QILOCIP", "AT"),
      first: fc.boolean(),
      info: fc.constantFrom(undefined, "", "+CSQ:"),
      final: fc.constantFrom(undefined, "#.#.#.#", "DEACT OK"),
      prompt: fc.constantFrom(undefined, ">", "CONNECT"),
      again: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ flood: fc.integer({ min: 1, max: 80 }) }) },
  { weight: 1, arbitrary: fc.record({ sync: fc.integer({ min: 0, max: 12 }) }) },
  { weight: 1, arbitrary: fc.record({ open: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ overrun: true }) },
  { weight: 1, arbitrary: fc.constant({ reset: true }) },
);

test("every command and every synchronisation ends exactly once, in bounded time, with bounded timers and queue", (t) => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 30 }),
      fc.boolean(),
      fc.constantFrom("\r\nOK\r\n", "AT\r\r\nOK\r\n", "", "\r\n> "),
      (steps, inside, habit) => {
        const rig = new SessionRig();
        rig.session.framer.rate(FAST);
        const ends: number[] = [];
        let refusals = 0;
        const begin = (): ((error: Error | null) => void) => {
          const which = ends.push(0) - 1;
          return (error) => {
            ends[which]!++;
            if ((error as M95Error | null)?.code === "EQUEUE") refusals++;
          };
        };
        // A modem of fixed habits, which may answer inside the write.
        const write = rig.uart.write;
        rig.uart.write = function (data) {
          if (habit && this.written.length < 300) this.reply(data, habit, inside ? -1 : 3);
          write.call(this, data);
        };
        const check = (): void => {
          assert.ok(ends.every((count) => count <= 1));
          const waiting = (rig.session as unknown as { _queue: unknown[] })._queue.length;
          assert.ok(waiting <= QUEUE_LIMIT);
          // The framer's, the session's, and what the fake modem and refused commands have to say.
          const replies = inside ? 0 : rig.uart.written.length;
          assert.ok(rig.clock.pending <= 2 + replies + ends.length - ends.filter((count) => count > 0).length);
          assert.ok(held(rig.session.framer) <= 2 * LIMIT);
        };
        for (const one of steps) {
          if ("feed" in one) for (const chunk of chunks(one.feed, one.sizes)) rig.uart.onReceive(chunk);
          else if ("wait" in one) rig.clock.advance(one.wait);
          else if ("send" in one) {
            const end = begin();
            const data = one.prompt && "data\x1a";
            const done = (error: Error | null): void => {
              end(error);
              if (one.again) rig.session.send({ text: "AT", timeout: 300, done: begin() });
            };
            rig.session.send({ text: one.send, timeout: 1000, ...one, data, done }, one.first);
          } else if ("flood" in one)
            for (let i = 0; i < one.flood; i++) rig.session.send({ text: "AT", timeout: 10, done: begin() });
          else if ("sync" in one) rig.session.sync(one.sync, "\x1b", begin());
          else if ("open" in one) rig.session.allow(one.open);
          else if ("overrun" in one) rig.uart.onOverrun!();
          else rig.session.abort(new M95Error("ECLOSED", "reset"));
          check();
        }
        rig.session.allow(true);
        // At most: 48 + 30 commands, each with its time-out, a hold, and ten tries to synchronise.
        rig.clock.run(() => false, 100 * 10_000);
        check();
        assert.ok(ends.every((count) => count === 1));
        assert.equal(rig.clock.pending, 0);
        assert.ok(refusals <= ends.length);
      },
    ),
    { numRuns: 400 },
  );
  t.pass();
});

test("reset leaves no timer, whatever went before", (t) => {
  fc.assert(
    fc.property(conversation, fc.integer({ min: 0, max: 2000 }), fc.boolean(), (text, pause, sync) => {
      const rig = new SessionRig();
      rig.session.framer.rate(FAST);
      rig.uart.reply("A\r", text);
      rig.send("A", { prompt: ">", data: "x" });
      if (sync) rig.sync(4);
      rig.clock.advance(pause);
      // Also with a half line or a message under way.
      rig.uart.onReceive(text);
      rig.session.abort(new M95Error("ECLOSED", "reset"));
      // The scripted reply is the other end's, not the session's.
      assert.ok(rig.clock.pending <= (rig.uart.written.includes("A\r") ? 1 : 0));
      assert.equal(held(rig.session.framer), 0);
    }),
    { numRuns: 200 },
  );
  t.pass();
});

test("what quote lets through, split brings back", (t) => {
  const texts = fc.array(bytes(12), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(texts, (list) => {
      const good = list.filter((text) => !/[\x00-\x1f"\x7f]/.test(text));
      for (const text of list)
        if (!good.includes(text)) assert.throws(() => quote("x", text, 0), { code: "EPARAM" });
        else assert.equal(quote("x", text, 0), `"${text}"`);
      if (good.length) assert.deepEqual(split(`+X: ${good.map((text) => `"${text}"`).join(",")}`), good);
    }),
  );
  t.pass();
});

test("split and number throw at nothing", (t) => {
  fc.assert(
    fc.property(bytes(60), (text) => {
      for (const field of split(text)) {
        const value = number(field);
        assert.ok(Number.isNaN(value) || Number.isInteger(value));
      }
    }),
  );
  t.pass();
});
