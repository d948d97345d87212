// Brings a line of which nobody knows where it stands back to where commands are answered: the way out of a data prompt, AT until
// OK, and no late answers behind it. The session is built on it; it sends no commands of its own.
// @resident _arm _free _write
import { M95Error } from "../errors.js";
import type { Clock, TimerHandle, Uart } from "../ports.js";
import { callOff } from "../timer.js";
import { isError } from "./answers.js";
import type { Framer } from "./framer.js";
import type { FramerSink, MessageSink, Request, SessionHost, SessionSetup, SessionSink } from "./types.js";

/** ms without a late answer of an older command behind the OK that ends a synchronisation. */
const SETTLE = 100;
/** It is waited for this often. */
const SETTLES = 20;
/** ms for an answer to a plain AT. */
export const AT_WAIT = 500;
/** ms from DTR to the first AT of a modem that sleeps, which the UART note and the hardware design disagree about, and between two of them. */
const WAKE_FIRST = 50;
const WAKE_AGAIN = 150;
/** So many AT are that close. Behind them a modem that has booted meanwhile may be at the one before. */
const CLOSE = 7;
/** ms, or its time-out, for which a command that was called off is waited for. */
const OWED = 20000;
/** AT is sent this often before the modem counts as mute. */
export const AT_TRIES = 10;
/** And this often more, when messages kept a clean OK away. */
const AT_GRACE = 100;
/** ms since the last message in which a line counts as busy with messages. */
export const BUSY = 1000;
/**
 * Answers of `ATS3?` to `ATS5?` (V.250, 6.2.1 to 6.2.3), which no other command has: what was owed before has come when one of them has.
 * One after the other, since that to the one before may be late, too.
 */
export const PROOFS = ["013", "010", "008"];
const COUNT = 3;
/** They are asked for so often before a plain AT has to do: there may be firmware without. */
const PROOF_TRIES = 2;
/** Behind the last of them this often what the modem takes for an answer: the next would be like the first, and that one may be late. */
const ROUND_PACES = 4;
/** And ms where nothing that looked like the answer has come yet. */
const ROUND = 2000;
/** The way out of a data mode that counts bytes, and the ms of silence it needs behind it. */
export const ESCAPE = "+++";
const ESCAPE_WAIT = 1000;

// Where the session stands. What leads from one to the other is drawn in docs/states.md.

/** Nothing runs; a command may be waiting for its guard time. */
export const IDLE = 0;
/** A command is out, and its prompt or its final result is waited for. */
export const RUNNING = 1;
/** One came that may be part of a message: the clean one is waited for, or silence. */
export const HELD = 2;
/** Synchronising: AT is sent until OK comes. */
export const CALLING = 3;
/** It came; late answers of older commands end here. */
export const SETTLING = 4;

/** The same by name, for the model check; "prompt" while that is waited for. */
export const PHASES = ["idle", "result", "held", "calling", "settling"];

/** A synchronisation under way. */
interface Synchronisation {
  done: ((error: M95Error | null) => void) | undefined;
  /** What leads out, or "". */
  escape: string;
  /** AT may still be sent, or late answers be waited for, this often. */
  tries: number;
  grace: number;
  /** How many were asked for, one after the other; and whether a proof was the last thing sent, 1, and has come, 2. -1: another one has. */
  which: number;
  proof?: number;
  /** A bit for each of them that was asked for and has not come in any form. */
  owed: number;
  /** How many came that are no part of a message; 1 where only others did: there are such. */
  proves: number;
  /** AT has been sent since the last of the pluses, or may be taken for sent. */
  called: boolean;
  /** The command whose answer may still come. */
  overdue: Request | undefined;
  /** For a modem that sleeps: AT is sent more often. */
  rouses: boolean | undefined;
  /** Bytes received when ATV1 was sent last. */
  told: number;
}

export abstract class Synchroniser implements FramerSink {
  /** Who is told of the traffic, both ways, as the modem says or hears it; "" as direction is a remark. */
  trace: ((direction: "<" | ">" | "", text: string) => void) | undefined;
  /** Made by the class below: on Espruino no constructor with a `super` can run inside of one that `super` calls. */
  framer!: Framer;
  /** Echo was switched off, and none has come since. */
  unechoed: boolean;
  /** The last synchronisation was echoed. */
  echoed: boolean;
  /** IDLE to SETTLING. */
  protected _phase: number;
  _clock: Clock;
  protected _sink: SessionSink;
  protected _host: SessionHost;
  protected _isUrc: (line: string, running: string) => boolean;
  /** The command that runs. */
  protected _run: Request | undefined;
  /** One that was called off, and the modem may still be at it; to be forgotten when it was off or has begun anew. */
  owed: Request | undefined;
  /** The next silence moves things on: the one behind a held result, or between messages that keep answers away. */
  protected _awaitsSilence: boolean;
  protected _guard: number;
  /** Only OK was heard of the command before, where it may be part of a message: the modem's own result may be late. */
  protected _unsettled: boolean;
  _timer: TimerHandle;
  protected _sync: Synchronisation | undefined;
  /** The one before, which was called off: answers to its questions may still come. */
  protected _past: Synchronisation | undefined;
  private _uart: Uart;
  /** The longest that a quick command has taken to its proven result, ms: before that, an unproven one may be followed by it. */
  protected _pace: number;
  /** Bytes received when a timer was set last. */
  protected _mark: number;
  /** When something was sent last, ms of the clock. */
  protected _sentAt: number;
  private _onTimer: () => void;

  constructor(setup: SessionSetup) {
    // Each message asks for it: Espruino looks long for what is not there.
    this.trace = undefined;
    this._uart = setup.uart;
    this._clock = setup.clock;
    this._sink = setup.sink;
    this._host = setup.host;
    this._isUrc = setup.isUrc;
    this._guard = setup.guard;
    this.owed = this._past = undefined;
    this._phase = IDLE;
    this._pace = this._sentAt = this._mark = 0;
    this._unsettled = this._awaitsSilence = this.echoed = this.unechoed = false;
    this._onTimer = this._expired.bind(this);
  }

  abstract inbox: MessageSink;

  abstract line(line: string, mayBePayload: boolean): void;
  abstract received(text: string, ambiguous: boolean): void;
  abstract quiet(): void;
  abstract starts(line: string): boolean;
  abstract overran(): void;

  proves(line: string, guessed?: boolean): boolean {
    return this._host.knows(line, guessed);
  }

  threw(error: unknown): void {
    this._host.listenerThrew(error);
  }

  /** ms in which the result of what was sent last may still come. */
  protected _left(): number {
    return Math.min(this._pace, this._sentAt + this._pace - this._clock.now());
  }

  /** The time of what runs is over. */
  protected abstract _expired(): void;

  /** The line is free for the next command. */
  protected abstract _next(): void;

  /** Leads the line out of whatever a command has left it in. */
  protected abstract _leave(run: Request): void;

  /** Without `done` the line has to prove that nothing older is owed, or what is late would pass for the answer of the next command. */
  protected _call(tries: number, leadOut: string, done?: (error: M95Error | null) => void, wakes?: boolean): void {
    const before = this._sync;
    const past = before || this._past;
    const run = this._run;
    this._past = undefined;
    this._free();
    this._phase = CALLING;
    this._unsettled = this.echoed = false;
    this._sync = {
      done,
      escape: leadOut,
      tries,
      grace: AT_GRACE,
      which: past ? past.which : 0,
      owed: past ? past.owed : 0,
      proves: 0,
      called: !!done && leadOut !== ESCAPE,
      overdue: run,
      rouses: wakes,
      told: this.framer.bytes,
    };
    // Armed before writing, here and below: a line may answer inside the call. What leads out may be answered, too.
    this._arm(leadOut === ESCAPE ? ESCAPE_WAIT : leadOut ? Math.max(this._guard, this._pace) : wakes ? WAKE_FIRST : 0);
    if (leadOut) this._write(leadOut);
    if (before && before.done) before.done(new M95Error("ECLOSED", "AT: called off", "AT"));
  }

  protected _callAgain(): void {
    const sync = this._sync!;
    const framer = this.framer;
    const owed = this.owed;
    if (owed) {
      const left = Math.min(owed.timeout, OWED);
      owed.timeout = 0;
      if (left) this._arm(left);
      else this._leave(owed);
      return;
    }
    // Longer than a silence, or what is asked for keeps the line from ever being silent.
    const wait = Math.max(sync.rouses && sync.which < CLOSE ? WAKE_AGAIN : AT_WAIT, 2 * framer.silence);
    if (this._busy() && sync.grace-- > 0) {
      // Between messages no answer proves anything. Behind a silence one is likely to come in time.
      this._arm(wait);
      this._awaitsSilence = true;
    } else if (sync.tries > 0) {
      const left = --sync.tries;
      if (sync.escape === ESCAPE && sync.called && left & 1) {
        sync.called = false;
        this._arm(ESCAPE_WAIT);
        this._write(ESCAPE);
        return;
      }
      sync.called = true;
      // A modem left in ATV0 answers with a bare digit, and nothing but AT is said to one that may be in autobaud: once for each
      // digit, which noise may end in, too.
      const digit = (framer.held || "").endsWith("0\r") && sync.told !== framer.bytes;
      if (digit) sync.told = framer.bytes;
      const leadOut = sync.escape === ESCAPE || left & 1 ? "" : sync.escape;
      sync.proof = !digit && !sync.done && (sync.proves || left >= AT_TRIES - PROOF_TRIES) ? 1 : 0;
      // Behind a plain AT none of those before is the last one.
      const at = ++sync.which % COUNT;
      if (sync.proof) sync.owed |= 1 << at;
      this._arm(this._last() ? this._round() : wait);
      this._write(sync.proof ? leadOut + "ATS" + (3 + at) + "?\r" : digit ? "ATV1\r" : leadOut + "AT\r");
    } else
      this._endSync(
        new M95Error(
          "ETIMEOUT",
          this.echoed
            ? "AT: the echo comes back but no OK; check the wire to the modem's RXD and its ground"
            : "AT: no answer; check power, wiring and baud rate",
          "AT",
        ),
      );
  }

  /** Whether nothing has come that looks like the answer to what would be asked next, though it was asked for. */
  private _owes(): number {
    const sync = this._sync!;
    return (sync.owed >> ((sync.which + 1) % COUNT)) & 1;
  }

  /** Whether the answer to what would be asked next could be a late one. */
  private _last(): unknown {
    const sync = this._sync!;
    return sync.proof && (sync.which % COUNT === 0 || this._owes());
  }

  private _round(): number {
    return this._owes() ? ROUND : ROUND_PACES * Math.max(this._pace, 2 * this.framer.silence);
  }

  protected _lineInSync(line: string, mayBePayload: boolean): void {
    const sync = this._sync!;
    const proof = sync.done ? -1 : PROOFS.indexOf(line);
    if (line === "OK") {
      // One before the first AT proves nothing: some of the pluses may be in front of the next command.
      if (this._phase === CALLING && sync.called)
        if (mayBePayload) {
          // Nor does one that may be part of a message. The next AT gets another, and costs no try.
          if (!this._last() && sync.grace-- > 0) {
            sync.tries++;
            this._awaitsSilence = true;
          }
        } else if (!sync.proof) {
          this._phase = SETTLING;
          sync.tries = SETTLES;
        } else if (sync.proof > 1) this._endSync(null);
    } else if (proof >= 0) {
      // The modem has such answers, however late: nothing less will do.
      // But not without any OK, and a message full of them is one.
      if (mayBePayload ? sync.tries === AT_TRIES || sync.grace-- > 0 : sync.proves++ < AT_GRACE) sync.tries = AT_TRIES;
      else if (mayBePayload) return;
      sync.proves = sync.proves || 1;
      this._phase = CALLING;
      const last = proof === sync.which % COUNT;
      // One that may be payload may be forged, and the modem's own still come, if it is not that to what was sent last.
      if (!mayBePayload || (sync.proof && last)) sync.owed &= ~(1 << proof);
      // Behind a plain AT none of them is the answer to what was sent last.
      const plain = !sync.proof;
      // Asked for before, it may be late, unless the others have come as well.
      const asked = last && !mayBePayload && (sync.which <= COUNT || !sync.owed);
      sync.proof = sync.proof! > 0 ? (asked ? 2 : 1) : -1;
      // More that are late may be behind one that is.
      if (sync.proof < 2 && (plain || !mayBePayload)) this._arm(this._round());
    } else if (isError(line)) {
      // Firmware without; but an error may be the answer to what led out of a prompt, and says nothing of what else is late.
      if (sync.proof && !mayBePayload) {
        // Who said that there are such was a message, then, or says so again.
        sync.proves = 0;
        if (!this._last()) {
          sync.owed = 0;
          this._arm(this._guard);
        }
      }
    } else if (line.startsWith("AT") || line.endsWith("AT")) {
      // Behind what leads out of a prompt, maybe.
      this.echoed = true;
      if (!mayBePayload) this._heardEcho();
    }
    // A late answer must not pass for a URC of the same name.
    else if (!sync.overdue || this._isUrc(line, sync.overdue.text)) this._sink.urc(line, mayBePayload);
    if (this._phase === SETTLING && !mayBePayload && sync.tries-- > 0)
      this._arm(sync.owed ? ROUND : Math.max(SETTLE, this._pace));
  }

  // Messages follow each other without a silence, or a line is under way. A clock that was set must not make it longer.
  protected _busy(): unknown {
    const framer = this.framer;
    return (
      (framer.open && Math.abs(this._clock.now() - framer.stamp) < BUSY) ||
      (this._mark !== framer.bytes && framer.held !== "")
    );
  }

  protected _endSync(error: M95Error | null): void {
    const sync = this._sync!;
    this._free();
    // Of AT that come so close the answers may be late: what is asked next must not take one of them for its own.
    this._unsettled = !error && sync.which > 1 && !!sync.rouses;
    if (sync.done) sync.done(error);
    else if (error) {
      const now = this._clock.now();
      const run = sync.overdue;
      if (Math.abs(now - this.framer.stamp) < BUSY || (run && Math.abs(now - run._begun!) < run.timeout)) {
        // A modem that hands over messages is not mute, though there may be a silence: it is asked again for as long as they keep its answer
        // away. Nor is one that may be at a command still, which was given up as messages may have hidden its end.
        this._run = run;
        this._call(AT_TRIES, sync.escape);
      } else this._sink.mute(error);
    }
    this._next();
  }

  protected _heardEcho(): void {
    if (!this.unechoed) return;
    this.unechoed = false;
    this._sink.echoed();
  }

  protected _arm(ms: number): void {
    callOff(this);
    this._awaitsSilence = false;
    this.framer.hurried = true;
    this._mark = this.framer.bytes;
    this._timer = this._clock.after(ms, this._onTimer);
  }

  /** Nothing runs. */
  protected _free(): void {
    callOff(this);
    this._phase = IDLE;
    this._awaitsSilence = this.framer.hurried = false;
    this._run = this._sync = undefined;
    if (!this.owed) this.framer.prompt = "";
  }

  protected _write(data: string): void {
    if (this.trace) this.trace(">", data);
    this._sentAt = this._clock.now();
    try {
      this._uart.write(data);
    } catch (error) {
      this._host.listenerThrew(error);
    }
  }
}
