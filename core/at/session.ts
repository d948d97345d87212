// One AT command at a time over one serial line: queue, guard time, time-outs, quarantine and resynchronisation. What needs no
// state to know of answers is in answers.ts.
// It knows how AT answers look; it knows no M95 and no MQTT.
import { M95Error } from "../errors.js";
import type { Clock, TimerHandle, Uart } from "../ports.js";
import { asks, behindEcho, holdOf, isError, isFinal, refusal } from "./answers.js";
import { Framer, type FramerSink, type MessageSink, trimLine } from "./framer.js";
import type { Request, SessionHost, SessionSink, SessionStats } from "./types.js";

/** Commands that may wait. One more is refused with `EQUEUE`: the youngest, or for one that goes first, the last in line. */
export const QUEUE_LIMIT = 48;

/** Guard times a command waits for a silent line; a line that never falls silent must not stop the driver. */
const GUARDS = 50;
/** ms of silence behind the OK that ends a synchronisation; late answers of older commands end up here. */
const SETTLE = 100;
/** It is waited for this often. */
const SETTLES = 20;
/** ms for an answer to a plain AT. */
const AT_WAIT = 500;
/** AT is sent this often before the modem counts as mute. */
const AT_TRIES = 10;
/** The way out of a data mode that counts bytes, and the ms of silence it needs behind it. */
const ESCAPE = "+++";
const ESCAPE_WAIT = 1000;

export class Session implements FramerSink, MessageSink {
  /** Who is told of the traffic; see `tell`. */
  trace: ((direction: "<" | ">" | "", text: string) => void) | undefined;
  readonly framer: Framer;
  /** Echo was switched off, and none has come since. */
  quiet: boolean;
  private _uart: Uart;
  private _clock: Clock;
  private _sink: SessionSink;
  private _host: SessionHost;
  private _isUrc: (line: string, running: string) => boolean;
  private _stats: SessionStats;
  private _guard: number;
  private _limit: number;
  private _queue: Request[];
  /** The command that runs. */
  private _run: Request | undefined;
  private _lines: string[];
  /** Bytes of its information lines; beyond the limit when some of them were lost. */
  private _size: number;
  private _sent: boolean;
  /** Its information lines may be those of a message, or have got into one. */
  private _doubt: boolean;
  /** Where messages go when a command with information lines has run: those may have got into them, and the other way round. */
  private _inbox!: MessageSink;
  /** Text whose echo may come back; undefined: no echo is expected. */
  private _echo: string | undefined;
  private _timer: TimerHandle;
  private _pause: TimerHandle;
  private _mark: number;
  private _guards: number;
  /** A final result that may be part of a message. */
  private _held: string | undefined;
  /** AT may still be sent, or silence be waited for, this often; undefined: not synchronising. */
  private _tries: number | undefined;
  private _wayOut: string;
  /** The command whose answer may still come while synchronising, or "". */
  private _late: string;
  private _synced: boolean;
  private _echoed: boolean;
  private _whenSynced: ((error: M95Error | null) => void) | undefined;
  /** ms a byte takes on the line. */
  private _byteTime: number;
  private _open: boolean;
  private _onTimer: () => void;
  private _onPause: () => void;

  /**
   * @param isUrc - whether a line is a URC, given the command that runs ("" if none)
   * @param guard - ms of silence before a command is sent
   * @param limit - bytes that a line, a message or an answer may have
   * @param prefix - how a line starts that is a message
   */
  constructor(
    uart: Uart,
    clock: Clock,
    sink: SessionSink,
    host: SessionHost,
    isUrc: (line: string, running: string) => boolean,
    stats: SessionStats,
    guard: number,
    limit: number,
    prefix: string,
  ) {
    this._uart = uart;
    this._clock = clock;
    this._sink = sink;
    this._host = host;
    this._isUrc = isUrc;
    this._stats = stats;
    this._guard = guard;
    this._limit = limit;
    this._queue = [];
    this._lines = [];
    this._size = this._mark = this._guards = this._byteTime = 0;
    this._wayOut = this._late = "";
    this._sent = this._doubt = this._synced = this._echoed = this._open = this.quiet = false;
    this._onTimer = () => this._expired();
    this._onPause = () => this._paused();
    const framer = new Framer(this, clock, prefix, limit, 20);
    this.framer = framer;
    this.rate(115200);
    uart.onReceive = (chunk) => framer.receive(chunk);
    uart.onOverrun = () => framer.overrun();
  }

  /** Tells the rate of the line, baud; waiting times follow it. */
  rate(baud: number): void {
    this._byteTime = 10000 / baud;
    // Forty characters: less is a hiccup of the line or of the host, not an end.
    this.framer.silence = Math.max(20, Math.ceil(400000 / baud));
  }

  /**
   * Queues a command; it runs when the ones before it are done and the line has been silent for the guard time.
   * @param first - it runs before all that wait
   */
  send(request: Request, first?: boolean): void {
    const queue = this._queue;
    if (first) queue.unshift(request);
    else queue.push(request);
    if (queue.length > QUEUE_LIMIT) {
      const last = queue.pop()!;
      const error = new M95Error("EQUEUE", QUEUE_LIMIT + " commands wait already, more are not taken", last.text);
      this._clock.after(0, () => last.done(error, [], false));
    }
    this._next();
  }

  /** Tells the traffic from now on, both ways; "" as direction is a remark. To be called once, with the inbox set. */
  tell(trace: (direction: "<" | ">" | "", text: string) => void): void {
    const framer = this.framer;
    const inbox = framer.inbox === this ? this._inbox : framer.inbox;
    const traced: MessageSink = {
      received(text, ambiguous) {
        trace("<", trimLine(text));
        inbox.received(text, ambiguous);
      },
    };
    this.trace = trace;
    if (framer.inbox === this) this._inbox = traced;
    else framer.inbox = traced;
  }

  /** Whether commands are sent; queued ones wait while not. */
  set open(open: boolean) {
    this._open = open;
    this._next();
  }

  /**
   * Sends `AT` until `OK` comes and the line is silent behind it. A command that runs ends with `ETIMEOUT`; answers of
   * older commands that come late are swallowed. Without `done`, a failure goes to the sink's `mute`.
   * @param tries - how often AT is sent, 500 ms apart
   * @param wayOut - bytes that lead out of a data prompt, sent first and with every other AT: the prompt may come late
   * @param done - called once. Errors: `ETIMEOUT`; `ECLOSED` when a later `sync` takes its place; that of `reset`
   */
  sync(tries: number, wayOut: string, done?: (error: M95Error | null) => void): void {
    const run = this._run;
    const before = this._whenSynced;
    this._stop();
    this._run = undefined;
    this._late = run ? run.text : "";
    this._tries = tries;
    this._wayOut = wayOut;
    this._whenSynced = done;
    this._synced = this._echoed = false;
    this._mark = wayOut === ESCAPE ? -1 : 0;
    this.framer.prompt = "";
    // Armed before writing, here and below: a line may answer inside the call.
    this._arm(wayOut === ESCAPE ? ESCAPE_WAIT : wayOut ? this._guard : 0);
    if (wayOut) this._write(wayOut);
    if (before) before(new M95Error("ECLOSED", "AT: called off", "AT"));
    if (run) run.done(new M95Error("ETIMEOUT", run.text + ": no answer in time", run.text), this._lines, this._sent);
  }

  /** Fails what runs, what waits and a synchronisation, and forgets the state of the line. */
  reset(error: M95Error): void {
    const run = this._run;
    const queue = this._queue;
    const synced = this._whenSynced;
    this._stop();
    this._queue = [];
    this._run = this._tries = this._whenSynced = undefined;
    this.quiet = false;
    this.framer.reset();
    if (synced) synced(error);
    if (run) run.done(error, this._lines, this._sent);
    for (let i = 0; i < queue.length; i++) queue[i]!.done(error, [], false);
  }

  // ---- what the framer hands over

  starts(line: string): boolean {
    const run = this._run;
    const ours = run
      ? line === run.text ||
        isFinal(line, run, this._sent) ||
        (line === run.prompt && !this._sent) ||
        (!!run.info && line.startsWith(run.info))
      : this._tries !== undefined && (line === "OK" || line === "AT" || isError(line));
    return ours || this._isUrc(line, run ? run.text : "");
  }

  received(text: string, ambiguous: boolean): void {
    const run = this._run;
    const inbox = this._inbox;
    let mixed = ambiguous;
    if (!run || run.info === undefined) this.framer.inbox = inbox;
    else if (ambiguous || (this.framer.need <= 0 && text.indexOf("\n") >= 0)) {
      mixed = true;
      if (asks(run)) this._doubt = true;
    }
    inbox.received(text, mixed);
  }

  prompt(): void {
    const run = this._run!;
    if (this.trace) this.trace("<", run.prompt!);
    this._feed(run);
  }

  overrun(): void {
    this._stats.overruns++;
    this._size = Infinity;
    if (this.trace) this.trace("", "bytes lost");
    this._host.lossy();
  }

  line(line: string, suspect: boolean): void {
    if (this.trace) this.trace("<", line);
    const run = this._run;
    let rest: string | undefined;
    if (this._tries !== undefined) this._lineInSync(line, suspect);
    else if (!run) this._foreign(line, suspect);
    else if (line === run.text) {
      this._echo = "";
      if (!suspect) this.framer.strict = false;
      this._heardEcho();
    } else if (this._echo && (rest = behindEcho(this._echo, line)) !== undefined) this._echo = rest;
    else if (isFinal(line, run, this._sent)) {
      if (suspect) this._hold(line, run);
      else {
        if (line === "OK" && this._echo === undefined) this.framer.strict = this.framer.framed;
        this._final(line, run);
      }
    } else if (line === run.prompt && !this._sent) {
      if (suspect) this._hold(line, run);
      else this._feed(run);
    } else if (line === "OK" || run.info === undefined || !line.startsWith(run.info) || this._isUrc(line, run.text))
      this._foreign(line, suspect);
    else {
      if (suspect) this._doubt = true;
      // Final results come last, so the one held was part of a message.
      if (this._held !== undefined) this._arm(run.timeout);
      if ((this._size += line.length) <= this._limit) this._lines.push(line);
      else this.overrun();
    }
  }

  // ---- the running command

  private _next(): void {
    if (!this._open || this._run || this._pause !== undefined || this._tries !== undefined || !this._queue.length)
      return;
    this._mark = this.framer.bytes;
    this._pause = this._clock.after(this._guard, this._onPause);
  }

  private _paused(): void {
    this._pause = undefined;
    // Bytes came in the meantime, or an answer would run into a message: the silence begins anew.
    if ((this._mark !== this.framer.bytes || this.framer.open) && ++this._guards < GUARDS) this._next();
    else if (this._open) this._begin(this._queue.shift()!);
  }

  private _begin(run: Request): void {
    this._run = run;
    this._lines = [];
    this._size = this._guards = 0;
    this._echo = undefined;
    this._doubt = false;
    this._sent = run.prompt === undefined;
    if (run.prompt === ">") this.framer.expect(">");
    if (run.info !== undefined && this.framer.inbox !== this) {
      this._inbox = this.framer.inbox;
      this.framer.inbox = this;
    }
    this._stats.commands++;
    this._arm(run.timeout + run.text.length * this._byteTime);
    this._write(run.text + "\r");
  }

  private _feed(run: Request): void {
    const data = run.data!;
    this._sent = true;
    this._arm(run.timeout + data.length * this._byteTime);
    // The echo of the data can only be told from answers when the command was echoed too.
    if (this._echo === "") this._echo = data;
    this._write(data);
  }

  private _heardEcho(): void {
    if (!this.quiet) return;
    this.quiet = false;
    this._sink.echoed();
  }

  private _foreign(line: string, suspect: boolean): void {
    if (line === "OK" || isError(line)) this._stats.strays++;
    this._sink.urc(line, suspect);
  }

  // A result or a prompt that may be part of a message. The real one would follow, so the last one counts.
  private _hold(line: string, run: Request): void {
    const held = this._held;
    if (held === undefined) this._arm(holdOf(run));
    // Of data that was taken nobody must say that it was not.
    this._held = held === undefined || held === line || !isError(line) || !run.prompt ? line : "";
  }

  private _final(line: string, run: Request): void {
    let error: M95Error | null = null;
    if (line !== "OK" && isError(line)) {
      error = refusal(line, run, this._host);
    } else {
      if (run.final === "#.#.#.#" && line !== "OK") this._lines.push(line);
      if (run.info !== undefined && (this._doubt || this._size > this._limit)) {
        if (this._doubt && asks(run) && this._queue.length < QUEUE_LIMIT) {
          run.asked = (run.asked || 0) + 1;
          this._stop();
          this._run = undefined;
          this._queue.unshift(run);
          this._next();
          return;
        }
        error = new M95Error("EUNKNOWN", run.text + ": part of the answer was lost", run.text);
      }
    }
    this._end(run, error);
  }

  private _end(run: Request, error: M95Error | null): void {
    this._stop();
    this._run = undefined;
    this.framer.prompt = "";
    run.done(error, this._lines, this._sent);
    this._next();
  }

  private _expired(): void {
    this._timer = undefined;
    const run = this._run;
    if (!run) this._trySync();
    else if (this._held && this._held !== ">") {
      if (this._held === run.prompt) this._feed(run);
      else this._final(this._held, run);
    } else {
      // Data for a prompt that was none would be commands; a prompt that was one is left, and asked for again.
      if (!this._held) this._stats.timeouts++;
      this._stats.resyncs++;
      if (this.trace) this.trace("", "time-out");
      this._sink.late(run);
      // A prompt that counts its bytes is filled up with line ends, which mean nothing to a modem that is not at it.
      if (run.counted) this._write(new Array(run.data!.length + 1).join("\r"));
      this.sync(AT_TRIES, run.prompt === "CONNECT" ? ESCAPE : "\x1b");
    }
  }

  // ---- synchronisation

  private _trySync(): void {
    if (this._synced) {
      if (this._mark === this.framer.bytes || !this._tries!--) this._endSync(null);
      else this._settle();
    } else if (this._tries! > 0) {
      const left = --this._tries!;
      this._mark = 0;
      this._arm(AT_WAIT);
      // A modem left in ATV0 answers with a bare digit; one try in eight gets it out of that.
      this._write((left & 7) === 7 ? "ATV1\r" : (left & 1 ? "" : this._wayOut) + "AT\r");
    } else
      this._endSync(
        new M95Error(
          "ETIMEOUT",
          this._echoed
            ? "AT: the echo comes back but no OK; check the wire to the modem's RXD and its ground"
            : "AT: no answer; check power, wiring and baud rate",
          "AT",
        ),
      );
  }

  private _settle(): void {
    this._mark = this.framer.bytes;
    this._arm(SETTLE);
  }

  private _lineInSync(line: string, suspect: boolean): void {
    if (line === "OK") {
      // One that may be part of a message proves nothing; the next AT gets another.
      // Nor does one before the first AT: some of the pluses may be in front of the next command.
      if (this._synced || suspect || this._mark < 0) return;
      this._synced = true;
      this._tries = SETTLES;
      this._settle();
    } else if (line === "AT" || line === "ATV1") {
      this._echoed = true;
      this._heardEcho();
    }
    // A late answer must not pass for a URC of the same name.
    else if (!isError(line) && (!this._late || this._isUrc(line, this._late))) this._sink.urc(line, suspect);
  }

  private _endSync(error: M95Error | null): void {
    const done = this._whenSynced;
    this._tries = this._whenSynced = undefined;
    if (done) done(error);
    else if (error) this._sink.mute(error);
    this._next();
  }

  // ---- small things

  private _arm(ms: number): void {
    this._stop();
    this._timer = this._clock.after(ms, this._onTimer);
  }

  private _stop(): void {
    if (this._timer !== undefined) this._clock.cancel(this._timer);
    if (this._pause !== undefined) this._clock.cancel(this._pause);
    this._timer = this._pause = this._held = undefined;
  }

  private _write(data: string): void {
    if (this.trace) this.trace(">", data);
    this._uart.write(data);
  }
}
