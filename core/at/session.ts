// One AT command at a time over one serial line: queue, guard time, time-outs, quarantine and resynchronisation. What needs no
// state to know of answers is in answers.ts.
// It knows how AT answers look; it knows no M95 and no MQTT.
// @part sleep: isFree
// @resident send received line _next _begin _feed _foreign _final _expired _tell
import { COMMANDS, type Counters, OVERRUNS, RESYNCS, STRAYS, TIMEOUTS } from "../counters.js";
import { M95Error } from "../errors.js";
import { FAST, holdOf, isEcho, isError, isFinal, refusal, repeats } from "./answers.js";
import { Framer } from "./framer.js";
import { trimLine } from "./lines.js";
import {
  AT_TRIES,
  AT_WAIT,
  BUSY,
  CALLING,
  ESCAPE,
  HELD,
  IDLE,
  PROOFS,
  RUNNING,
  SETTLING,
  Synchroniser,
} from "./sync.js";
import type { MessageSink, Request, SessionSetup } from "./types.js";

/** Commands that may wait. One more is refused with `EQUEUE`: the youngest, or for one that goes first, the last in line. */
export const QUEUE_LIMIT = 48;

/** Guard times a command waits for a silent line; a line that never falls silent must not stop the driver. */
const GUARDS = 50;
/** Time-outs that an answer may take behind messages that keep the line busy. */
const PATIENCE = 4;
/** The part of it that a calm line needs. */
const CALM = 20;
/** Bytes of an upload in one go, and ms between two. */
const PIECE = 256;
const PAUSE = 50;

export class Session extends Synchroniser {
  /** Where messages go. To be set before the first byte comes. */
  inbox!: MessageSink;
  private _queue: Request[];
  private _counters: Counters;
  private _limit: number;
  /** Guard times that the next command has waited for. */
  private _guards: number;
  private _open: boolean;

  constructor(setup: SessionSetup) {
    super(setup);
    const uart = setup.uart;
    const framer = new Framer(this, setup.clock, setup.prefix, setup.limit);
    this.framer = framer;
    uart.onReceive = framer.receive.bind(framer);
    uart.onOverrun = framer.overrun.bind(framer);
    this._counters = setup.counters;
    this._limit = setup.limit;
    this._queue = [];
    this._guards = 0;
    this._open = false;
  }

  /**
   * Queues a command; it runs when the ones before it are done and the line has been silent for the guard time.
   * @param first - it runs before all that wait
   */
  send(request: Request, first?: boolean): void {
    const queue = this._queue;
    if (first) queue.unshift(request);
    else queue.push(request);
    if (queue.length > QUEUE_LIMIT) this._turnAway(queue.pop()!);
    this._next();
  }

  private _turnAway(last: Request): void {
    this._clock.after(0, () =>
      this._tell(last, new M95Error("EQUEUE", QUEUE_LIMIT + " commands wait already, more are not taken", last.text)),
    );
  }

  /** Whether commands are sent; queued ones wait while not. */
  allow(open: boolean): void {
    this._open = open;
    if (this.framer.open) this.framer.attend();
    this._next();
  }

  /** Whether nothing runs, nothing waits, and no line is half there. */
  isFree(): boolean {
    return this._phase === IDLE && !this._queue.length && !this.framer.open;
  }

  /**
   * Sends `AT` until `OK` comes and the line is silent behind it. A command that runs ends with `ETIMEOUT`; answers of
   * older commands that come late are swallowed. Without `done`, a failure goes to the sink's `mute`.
   * @param tries - how often AT is sent, 500 ms apart
   * @param leadOut - bytes that lead out of a data prompt, sent first and with every other AT: the prompt may come late
   * @param done - called once. Errors: `ETIMEOUT`; `ECLOSED` when a later `sync` takes its place; that of `reset`
   * @param wakes - for a modem that sleeps: AT comes a little later and more often
   */
  sync(tries: number, leadOut: string, done?: (error: M95Error | null) => void, wakes?: boolean): void {
    const run = this._run;
    this._call(tries, leadOut, done, wakes);
    if (run) this._tell(run, this._late(run));
  }

  /**
   * Fails what runs, what waits and a synchronisation. The modem goes on with what it was told: the line is led out of that, unless
   * it has ended by itself or `owed` is cleared, before the next command is sent.
   */
  abort(error: M95Error): void {
    const run = this._run;
    const queue = this._queue;
    const sync = this._sync;
    if (run) {
      // Out of a prompt that counts bytes leads nothing but its data.
      run._prompted = run.counted;
      if (run.upload && run.sent) run.timeout = 0;
      this.owed = run;
    } else if (sync && sync.overdue) {
      this.owed = sync.overdue;
      this.owed.timeout = 0;
      this._past = sync;
    }
    this._free();
    this._queue = [];
    this.unechoed = false;
    this.framer.clear(true);
    if (sync && sync.done) sync.done(error);
    if (run) this._tell(run, error, run.counted);
    for (let i = 0; i < queue.length; i++) this._tell(queue[i]!, error);
  }

  // ---- what the framer hands over

  starts(line: string): boolean {
    const run = this._run;
    const ours = run
      ? line === run.text || isFinal(line, run) || (!!run.info && line.startsWith(run.info))
      : this._phase >= CALLING && this._answersSync(line);
    return ours || this._isUrc(line, run ? run.text : "");
  }

  received(text: string, ambiguous: boolean): void {
    const run = this._run;
    const lines = text.indexOf("\n") >= 0;
    if (this.trace) this.trace("<", trimLine(text));
    // Lines of an answer may have got into the message, or the other way round.
    if (run && (ambiguous || (lines && this.framer.need <= 0))) {
      const informs = run.info !== undefined;
      // A prompt would stand on a line of its own.
      if (informs ? repeats(run) : lines) run._mixed = true;
      ambiguous = ambiguous || informs;
    }
    this.inbox.received(text, ambiguous);
  }

  private _answersSync(line: string): boolean {
    return line === "OK" || line === "AT" || isError(line) || PROOFS.indexOf(line) >= 0;
  }

  overran(): void {
    this._counters[OVERRUNS]!++;
    if (this._run) this._run._size = Infinity;
    if (this.trace) this.trace("", "bytes lost");
    this._host.bytesLost();
  }

  quiet(): void {
    if (this._awaitsSilence) {
      this._arm(Math.max(0, this._left()));
    } else if (this._phase === IDLE && this._timer !== undefined && this._guard <= this.framer.silence) this._arm(0);
  }

  line(line: string, mayBePayload: boolean): void {
    if (this.trace) this.trace("<", line);
    const run = this._run;
    if (this.owed) this._onOwed(line, mayBePayload);
    else if (this._phase >= CALLING) this._lineInSync(line, mayBePayload);
    else if (!run) this._foreign(line, mayBePayload);
    else if (line === run.text) {
      // One that a message may have forged announces no other, and tells nothing of the modem.
      if (!mayBePayload) {
        this.framer.strict = false;
        this._heardEcho();
      }
      if (!this.unechoed) run._echo = "";
    } else if (run._echo && isEcho(line, run)) return;
    else if (isFinal(line, run)) {
      const prompted = line === run.prompt && !run.sent;
      if (mayBePayload || (this._unsettled && !run.sent && !prompted)) this._hold(line, run);
      else if (prompted) this._feed(run);
      else {
        if (line === "OK" && run._echo === undefined) this.framer.strict = this.framer.framed;
        this._final(line, run);
      }
    } else if (line === "OK" || run.info === undefined || !line.startsWith(run.info) || this._isUrc(line, run.text))
      this._foreign(line, mayBePayload);
    else {
      if (mayBePayload) run._mixed = true;
      // Final results come last, so the one held was part of a message, if this line is none.
      else if (this._phase === HELD) {
        this._phase = RUNNING;
        this._arm(run.timeout);
      }
      if ((run._size! += line.length) <= this._limit) run._lines!.push(line);
      else this.overran();
    }
  }

  // ---- the running command

  protected _next(): void {
    if (!this._open || this._phase !== IDLE || this._timer !== undefined || !this._queue.length) return;
    // On a line without messages a part of it is enough, unless something comes meanwhile: the modem has said what it was asked for.
    const calm = !this._guards && this.framer.held === "" && this._clock.now() - this.framer.stamp > BUSY;
    this._arm(calm ? this._guard / CALM : this._guard);
  }

  private _begin(): void {
    if (!this._open) return;
    const run = this._queue[0]!;
    const prompt = run.prompt;
    // An OK that is late ends no command that waits for its prompt, but any other; and a modem that still owes it may drop what it is
    // told, which must not happen to one whose prompt counts bytes: in vain they would be written.
    if (this.owed || (this._unsettled && (prompt !== ">" || run.counted))) {
      this._call(AT_TRIES, "");
      return;
    }
    this._queue.shift();
    this._run = run;
    run._lines = [];
    this._guards = run._size = 0;
    run._echo = undefined;
    run._mixed = false;
    run.sent = prompt === undefined;
    this._phase = RUNNING;
    if (prompt === ">") this.framer.expect(">");
    this._counters[COMMANDS]!++;
    this._arm(run.timeout + run.text.length * this.framer.byteTime);
    this._write(run.text + "\r");
  }

  private _feed(run: Request): void {
    const data = run.data!;
    run.sent = true;
    this._phase = RUNNING;
    this._arm((run.upload || run.timeout) + data.length * this.framer.byteTime);
    // The echo of the data can only be told from answers when the command was echoed too.
    if (run._echo === "") run._echo = data;
    if (run.upload) this._pieces(run, 0);
    else this._write(data);
  }

  // Bytes that run over the modem's buffer are lost, and nobody tells.
  private _pieces(run: Request, at: number): void {
    const data = run.data!;
    if (run !== this._run || at >= data.length) return;
    this._write(data.substring(at, at + PIECE));
    this._clock.after(PIECE * this.framer.byteTime + PAUSE, () => this._pieces(run, at + PIECE));
  }

  private _foreign(line: string, mayBePayload: boolean): void {
    if (line === "OK" || isError(line)) this._counters[STRAYS]!++;
    this._sink.urc(line, mayBePayload);
  }

  // A result or a prompt that may be part of a message: the modem's own would follow, or it was that.
  private _hold(line: string, run: Request): void {
    // What harmless messages run into is no error, so an error is more likely to be a forged one.
    const hold = holdOf(run);
    const wait = Math.max(hold, this._left());
    const held = this._phase === HELD;
    const refused = isError(line);
    run._refused = refused || (held && run._refused);
    run._prompted = line === run.prompt || (held && run._prompted);
    if (!held) {
      this._phase = HELD;
      this._arm(Math.max(wait, 2 * this.framer.silence));
    }
    this._awaitsSilence = !refused && wait <= AT_WAIT;
  }

  // No other result came: what it says may be payload, so that it says nothing, and the modem may be anywhere.
  private _endUnproven(run: Request): void {
    if (run.counted && !run.sent && run._prompted && !run._refused && run._size! <= this._limit) {
      // The modem has said one of the two: a message can add the other, but not take away its own.
      this._feed(run);
      return;
    }
    if (run.prompt === ">" && run.sent && !run._refused) {
      // The data is out of the prompt, and it is not known to be refused.
      this._free();
      this._unsettled = true;
    } else this._leave(run);
    if (!this._askAgain(run)) this._tell(run, this._unknown(run));
    this._next();
  }

  private _unknown(run: Request): M95Error {
    return new M95Error("EUNKNOWN", run.text + ": the answer may be part of a message, or lacks a part", run.text);
  }

  /** Puts a command behind all that wait, if it may be sent once more: where nothing proves anything they get their turn. */
  private _askAgain(run: Request): boolean {
    if (!repeats(run) || this._queue.length >= QUEUE_LIMIT) return false;
    run.asked = (run.asked || 0) + 1;
    run._lines = undefined;
    run.sent = false;
    this._queue.push(run);
    return true;
  }

  private _final(line: string, run: Request): void {
    let error: M95Error | null = null;
    let again: boolean | undefined;
    if (run.timeout < FAST) this._pace = Math.max(this._pace, Math.min(AT_WAIT, this._clock.now() - this._sentAt));
    if (isError(line)) error = refusal(line, run, this._host);
    else {
      if (run.final === "#.#.#.#") run._lines!.push(line);
      if (run.info !== undefined && (run._mixed || run._size! > this._limit)) {
        again = run._mixed;
        error = this._unknown(run);
      }
    }
    this._free();
    this._unsettled = false;
    if (!again || !this._askAgain(run)) this._tell(run, error);
    this._next();
  }

  protected _expired(): void {
    this._timer = undefined;
    const phase = this._phase;
    if (phase === HELD) this._endUnproven(this._run!);
    else if (phase === CALLING) this._callAgain();
    else if (phase === SETTLING) this._endSync(null);
    else if (phase === RUNNING) this._isOver(this._run!);
    // Bytes came in the meantime, or an answer would run into a message: the silence begins anew.
    else if ((this._mark !== this.framer.bytes || this.framer.open) && ++this._guards < GUARDS) this._next();
    else this._begin();
  }

  private _isOver(run: Request): void {
    // A host that is busy notices late that the line is silent, and what waits for that may be the result.
    if (
      (this.framer.open || this._busy()) &&
      Math.abs(this._clock.now() - this._sentAt) < PATIENCE * Math.max(run.timeout, BUSY)
    )
      this._arm(AT_WAIT);
    else {
      this._counters[TIMEOUTS]!++;
      if (this.trace) this.trace("", "time-out");
      this._sink.late(run);
      this._leave(run);
      this._tell(run, this._late(run));
    }
  }

  // What was called off may have ended, or asks for its data, so that the way out is known.
  private _onOwed(line: string, mayBePayload: boolean): void {
    const owed = this.owed!;
    const prompted = line === owed.prompt;
    if (mayBePayload || !(prompted || isFinal(line, owed))) {
      // Nor does a line of its answer pass for a URC of the same name.
      if (this._isUrc(line, owed.text)) this._foreign(line, mayBePayload);
      return;
    }
    if (prompted) {
      owed.timeout = 0;
      owed.sent = !owed.counted;
    } else this.owed = undefined;
    if (this._phase === CALLING) this._arm(this._guard);
  }

  private _late(run: Request): M95Error {
    return new M95Error("ETIMEOUT", run.text + ": no answer in time", run.text);
  }

  // ---- synchronisation

  /** Leads the line out of whatever a command has left it in. Data for a prompt that was none would be commands. */
  protected _leave(run: Request): void {
    const sync = this._sync;
    const file = run.prompt === "CONNECT";
    const hidden = run._prompted || (!file && (run._mixed || run._size! > this._limit || this.framer.open));
    // An error that may be part of a message does not say that no prompt came.
    const fill = !run.sent && (run.counted || file) && (hidden || this._phase !== HELD);
    this._counters[RESYNCS]!++;
    run._begun = this._sentAt;
    // It is over: what a line answers inside the write is not for it.
    this.owed = undefined;
    this._past = sync;
    this._free();
    if (fill) {
      const data = run.data!;
      // Out of a prompt that counts its bytes leads nothing but so many of them. Where a message may have hidden it they are those that are
      // meant for it, and are taken back in case there is none; else line ends, which mean nothing to a modem that is not at it.
      run.sent = !file && hidden && data.indexOf("\r") < 0;
      this._write((run.sent ? data : "") + new Array(data.length + 1).join(run.sent ? "\b" : "\r"));
    }
    this._run = run;
    this._call(sync ? sync.tries : AT_TRIES, !file ? "\x1b" : fill ? "" : ESCAPE, sync && sync.done);
  }

  // ---- small things

  // What a callback of the driver's own throws must not stop the session.
  private _tell(run: Request, error: M95Error | null, sent?: boolean): void {
    try {
      run.done(error, run._lines || [], !!(sent || run.sent));
    } catch (thrown) {
      this._host.listenerThrew(thrown);
    }
  }
}
