// One packet on its way through an outbox, as the model check drives it: the modem answers its command, or says what became of it, as the
// event says. The verdicts tell of message ID 1, which the outbox draws.
import type { Request } from "../../core/at/types.js";
import { newCounters } from "../../core/counters.js";
import { M95Error } from "../../core/errors.js";
import { SLACK } from "../../core/m95/commands.js";
import { Outbox } from "../../core/mqtt/outbox.js";
import type { Packet } from "../../core/mqtt/packet.js";
import type { OutboxHost } from "../../core/mqtt/types.js";
import { SimClock } from "../../virtual-m95/time/sim-clock.js";
import { OWNER, profile, publish, subscribe } from "../core/mqtt/packets.js";
import { fingerprint, type World } from "./explore.js";

/** How the command ends that hands it over, and whether its data has gone. */
const ENDS: { [event: string]: [code: M95Error["code"] | undefined, sent: boolean, cme?: number] } = {
  OK: [undefined, true],
  refused: ["ECME", true, 50],
  "CME 8503": ["ECME", true, 8503],
  "CME 8512": ["ECME", true, 8512],
  "time-out": ["ETIMEOUT", true],
  "no prompt": ["ETIMEOUT", false],
  unproven: ["EUNKNOWN", true],
  "unproven prompt": ["EUNKNOWN", false],
};

/** `<result>` with its message ID; "?": where a payload may be. */
const VERDICTS: { [event: string]: string } = {
  "verdict 0": "1,0",
  "verdict 1": "1,1",
  "verdict 2": "1,2",
  "?verdict 0": "1,0",
  "?verdict 1": "1,1",
  "?verdict 2": "1,2",
  "?wrong ID": "2,0",
};

/** Seconds, short enough to be seen whole: until a verdict is overdue, until the modem has to report. */
const WAIT = 2;
const NOTICE = 1;

interface Inside {
  _open: number;
  _wait: Packet[];
  _flight: Packet[];
  _hand: Packet | undefined;
  _closed: unknown;
}

export class OutboxWorld implements World {
  readonly clock = new SimClock();
  private readonly requests: Request[] = [];
  private readonly host = {
    clock: this.clock,
    session: {
      framer: { stamp: Number.NEGATIVE_INFINITY },
      send: (request: Request) => {
        // What a verdict in front of that would be worth is in test/core/mqtt/claims.test.ts.
        request.sent = true;
        this.requests.push(request);
      },
    },
    inbox: { offers: 0 },
    seen: Number.NEGATIVE_INFINITY,
    random: () => 0,
    counters: newCounters(),
    explain: () => "",
    stepBegins: () => undefined,
  };
  private readonly owner = {
    ...OWNER,
    link: { stall: () => undefined, check: () => undefined },
    sending: () => {
      this.said.length = 0;
    },
  };
  private readonly outbox = new Outbox(
    this.owner,
    this.host as unknown as OutboxHost,
    profile((NOTICE - 1) * 1000 - SLACK, (WAIT - 1) * 1000 - SLACK),
  );
  private packet: Packet | undefined;
  private calls = 0;
  /** What may be a verdict, since it was last handed over: its event, "?" in front only while somebody guesses message IDs. */
  private readonly said: string[] = [];
  /** When somebody last did. */
  private guessed = -Infinity;
  private readonly lies: string[] = [];

  private get inside(): Inside {
    return this.outbox as unknown as Inside;
  }

  states(): string[] {
    return [this.state()];
  }

  private state(): string {
    const one = this.packet;
    const { _wait: wait, _hand: hand, _flight: flight } = this.inside;
    if (!one) return "none";
    if (this.calls) return "done";
    if (wait.includes(one)) return "waiting";
    if (hand === one) return one.lost ? "cut" : "handing";
    if (!flight.includes(one)) return "vanished";
    if (!one.unproven) return "inflight";
    return one.discredited ? "discredited" : "unproven";
  }

  can(event: string): boolean {
    if (event === "timer") return this.clock.pending > 0;
    if (event.startsWith("publish") || event === "subscribe") return !this.packet && !this.inside._closed;
    if (ENDS[event]) return this.requests.length > 0;
    if (event === "open") return !this.inside._open && !this.inside._closed;
    return event !== "lost" || this.inside._open === 1;
  }

  perform(event: string): void {
    const { outbox } = this;
    const end = ENDS[event];
    if (end) this.answer(...end);
    else if (VERDICTS[event]) this.verdict(VERDICTS[event], event.startsWith("?"));
    else if (event === "timer") this.clock.step();
    else if (event === "open") outbox.linkThere();
    else if (event === "lost") outbox.linkGone();
    else if (event === "end") outbox.refuse();
    else if (event === "bytes lost") {
      this.said.push(event);
      outbox.verdictsLost();
    } else this.add(event);
  }

  private add(kind: string): void {
    const plain = kind === "publish QoS 0";
    const done = (error: M95Error | null): void => {
      this.calls++;
      if (!error || error.raw) this.judge(error ? "verdict 2" : "verdict 0", !plain);
    };
    const one =
      kind === "subscribe"
        ? subscribe(this.outbox, "t", done)
        : publish(this.outbox, "t", plain ? 0 : 1, kind === "publish again", done);
    this.packet = one;
    this.outbox.add(one);
  }

  private answer(code: M95Error["code"] | undefined, sent: boolean, cme?: number): void {
    const error = code ? new M95Error(code, "as the event says") : null;
    if (error && cme) error.cme = cme;
    this.requests.shift()!.done(error, [], sent);
  }

  // It ends so with such a verdict that was proven, or when nothing else was said since the modem has last sent it.
  private judge(verdict: string, claims: boolean): void {
    if (this.said.at(-1) === verdict) return;
    const last = this.said.slice(this.said.lastIndexOf("verdict 1") + 1);
    // The modem tells of retransmissions in front of its verdict: only behind one that is unproven they refute that.
    while (last[0] === "?verdict 1") last.shift();
    if (!claims || !last.length || last.some((one) => one !== `?${verdict}`))
      this.lies.push(`${verdict} is told, behind ${this.said}`);
  }

  private verdict(text: string, mayBePayload: boolean): void {
    const one = this.packet;
    const fields = ["0", ...text.split(",")];
    if (one && fields[1] === "1") {
      fields[1] = `${one.msgid}`;
      const doubtful = mayBePayload && this.clock.now() - this.guessed < 60_000;
      this.said.push(`${doubtful ? "?" : ""}verdict ${fields[2]}`);
    }
    if (mayBePayload && (fields[1] !== `${one?.msgid}` || !this.inside._flight.includes(one!)))
      this.guessed = this.clock.now();
    const name = one ? one.text.slice(3, 9) : "QMTPUB";
    this.outbox.result(name, fields, `+${name}: ${fields}`, mayBePayload);
  }

  key(): string {
    const others = [this.owner, this.host];
    const said = [...new Set(this.said), this.said.at(-1)];
    return [this.requests.length, this.calls, said, fingerprint(this.outbox, this.clock, others)].join(" ");
  }

  problems(): string[] {
    const list = [...this.lies];
    const state = this.state();
    if (this.calls > 1) list.push("its callback came twice");
    if (state === "vanished") list.push("it is nowhere");
    const host = state === "none" || state === "done" || (state === "waiting" && !this.inside._open);
    if (!host && !this.clock.pending && !this.requests.length) list.push(`no way out of ${state}`);
    return list;
  }

  benign(): string[] {
    const { outbox, clock, inside } = this;
    if (!this.packet && inside._closed) return [];
    if (!this.packet) this.add("publish");
    for (let i = 0; i < 100 && !this.calls; i++) {
      if (!inside._open && !inside._closed) outbox.linkThere();
      if (this.requests.length) this.answer(undefined, true);
      else if (!clock.step()) break;
      if (!this.requests.length && !this.calls && inside._flight.length) this.verdict("1,0", false);
    }
    if (!this.calls && inside._closed) outbox.linkGone();
    // The last look, with nothing left to look at.
    clock.advance(1000);
    const list = this.calls === 1 ? [] : [`ends in ${this.state()}, ${this.calls} calls`];
    if (clock.pending) list.push(`${clock.pending} timers are left`);
    return [...list, ...this.lies];
  }
}
