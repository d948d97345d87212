// One AT command at a time over one serial line: queue, guard time, time-outs, quarantine and resynchronisation.
// It knows how AT answers look; it knows no M95 and no MQTT.
import { M95Error } from "../errors.js";
import type { Clock, TimerHandle, Uart } from "../ports.js";
import { Framer } from "./framer.js";

export interface Request {
  /** The command, without its CR. */
  text: string;
  /** ms until the final result, counted anew behind a prompt; the time the bytes take on the line comes on top. */
  timeout: number;
  /** How an information line of the answer starts; "": any way; undefined: it has none. */
  info?: string | undefined;
  /** What the modem prints when it is ready for `data`: ">" or a whole line such as "CONNECT". */
  prompt?: string | undefined;
  /** Bytes to send behind the prompt, end mark included. */
  data?: string | undefined;
  /** A final result besides OK and the errors; "#.#.#.#": an IPv4 address. */
  final?: string | undefined;
  /**
   * Called once. `sent`: whether the command reached the line, and with a prompt, whether its data did.
   * @param lines - the information lines
   */
  done(error: M95Error | null, lines: string[], sent: boolean): void;
}

export interface SessionSink {
  /** A line that belongs to no command: a URC, or something unknown. */
  urc(line: string, suspect: boolean): void;
  message(text: string, ambiguous: boolean): void;
  /** Whether a line is a URC, given the command that runs ("" if none). */
  isUrc(line: string, running: string): boolean;
  /** The modem cannot be brought to answer `AT`. */
  mute(error: M95Error): void;
  /** The meaning of a number of the modem, or "". */
  explain(family: string, code: number): string;
}

export interface SessionStats {
  /** Bytes and lines received. */
  bytes: number;
  lines: number;
  /** Commands sent. */
  commands: number;
  /** Times that received bytes were lost. */
  overruns: number;
  /** Times the line was resynchronised. */
  resyncs: number;
  /** Commands without a final result in time. */
  timeouts: number;
  /** Final results that no command was waiting for. */
  strays: number;
}

/** ms in which a final result that came glued to a message may be followed by the real one. */
const HOLD = 300;
/** ms of silence behind the OK that ends a synchronisation; late answers of older commands end up here. */
const SETTLE = 100;
/** ms for an answer to a plain AT. */
const AT_WAIT = 500;
/** AT is sent this often before the modem counts as mute. */
const AT_TRIES = 10;

function isAddress(line: string): boolean {
  const parts = line.split(".");
  return parts.length === 4 && !isNaN(+parts.join(""));
}

function isError(line: string): boolean {
  return line === "ERROR" || line.startsWith("+CME ERROR") || line.startsWith("+CMS ERROR");
}

export class Session {
  /** Listener for the traffic, both ways; "" as direction is a remark. */
  trace: ((direction: "<" | ">" | "", text: string) => void) | undefined;
  readonly framer: Framer;
  private _uart: Uart;
  private _clock: Clock;
  private _sink: SessionSink;
  private _stats: SessionStats;
  private _guard: number;
  private _limit: number;
  private _queue: Request[];
  /** The command that runs. */
  private _run: Request | undefined;
  private _lines: string[];
  private _size: number;
  private _sent: boolean;
  /** Text whose echo may come back; undefined: no echo is expected. */
  private _echo: string | undefined;
  private _timer: TimerHandle;
  private _pause: TimerHandle;
  private _mark: number;
  /** A final result that may be part of a message. */
  private _held: string | undefined;
  /** AT may still be sent this often; undefined: not synchronising. */
  private _tries: number | undefined;
  private _synced: boolean;
  private _echoed: boolean;
  private _whenSynced: ((error: M95Error | null) => void) | undefined;
  /** ms a byte takes on the line. */
  private _byteTime: number;
  private _open: boolean;
  private _onTimer: () => void;
  private _onPause: () => void;

  /**
   * @param guard - ms of silence before a command is sent
   * @param limit - bytes that a line, a message or an answer may have
   * @param prefix - how a line starts that is a message
   */
  constructor(
    uart: Uart,
    clock: Clock,
    sink: SessionSink,
    stats: SessionStats,
    guard: number,
    limit: number,
    prefix: string,
  ) {
    this._uart = uart;
    this._clock = clock;
    this._sink = sink;
    this._stats = stats;
    this._guard = guard;
    this._limit = limit;
    this._queue = [];
    this._lines = [];
    this._size = this._mark = 0;
    this._byteTime = 0;
    this.trace = this._run = this._echo = this._timer = this._pause = undefined;
    this._held = this._tries = this._whenSynced = undefined;
    this._sent = this._synced = this._echoed = this._open = false;
    this._onTimer = () => this._expired();
    this._onPause = () => this._paused();
    const framer = new Framer(this, clock, prefix, limit, 20);
    this.framer = framer;
    this.rate(115200);
    uart.onReceive = (chunk) => framer.receive(chunk);
    uart.onOverrun = () => this.overrun();
  }

  /** Tells the rate of the line, baud; waiting times follow it. */
  rate(baud: number): void {
    this._byteTime = 10000 / baud;
    // Forty characters: less is a hiccup of the line or of the host, not an end.
    this.framer.silence = Math.max(20, Math.ceil(400000 / baud));
  }

  /** Commands that wait. */
  get waiting(): number {
    return this._queue.length;
  }

  /**
   * Queues a command; it runs when the ones before it are done and the line has been silent for the guard time.
   * @param first - it runs before all that wait
   */
  send(request: Request, first?: boolean): void {
    if (first) this._queue.unshift(request);
    else this._queue.push(request);
    this._next();
  }

  /** Whether commands are sent; queued ones wait while not. */
  set open(open: boolean) {
    this._open = open;
    this._next();
  }

  /**
   * Sends `AT` until `OK` comes and the line is silent behind it. Answers of older commands that come late are
   * swallowed. Without `done`, a failure goes to the sink's `mute`.
   * @param tries - how often AT is sent, 500 ms apart
   * @param wayOut - bytes that lead out of a data prompt, sent first
   */
  sync(tries: number, wayOut: string, done?: (error: M95Error | null) => void): void {
    this._stop();
    this._tries = tries;
    this._whenSynced = done;
    this._synced = this._echoed = false;
    this.framer.prompt = "";
    if (wayOut) this._write(wayOut);
    this._timer = this._clock.after(wayOut ? this._guard : 0, this._onTimer);
  }

  /** Fails the running command and all that wait, and forgets the state of the line. */
  reset(error: M95Error): void {
    const run = this._run;
    const queue = this._queue;
    this._stop();
    this._queue = [];
    this._run = this._tries = this._whenSynced = undefined;
    this.framer.reset();
    if (run) run.done(error, this._lines, this._sent);
    for (let i = 0; i < queue.length; i++) queue[i]!.done(error, [], false);
  }

  /** Bytes were lost on the way: what is unfinished is thrown away, and a running command is not trusted any more. */
  overrun(): void {
    this._stats.overruns++;
    this.framer.discard();
    this._note("bytes lost");
  }

  // ---- what the framer hands over

  starts(line: string): boolean {
    const run = this._run;
    if (this._sink.isUrc(line, run ? run.text : "")) return true;
    if (!run) return false;
    return this._isFinal(line, run) || line === run.prompt || (!!run.info && line.startsWith(run.info));
  }

  message(text: string, ambiguous: boolean): void {
    if (this.trace) this.trace("<", text);
    this._sink.message(text, ambiguous);
  }

  prompt(): void {
    const run = this._run;
    if (!run) return;
    if (this.trace) this.trace("<", run.prompt!);
    this._sent = true;
    // The echo of the data can only be told from answers when the command was echoed too.
    this._arm(run.timeout + run.data!.length * this._byteTime);
    this._write(run.data!);
    if (this._echo === "") this._echo = run.data;
  }

  line(line: string, suspect: boolean): void {
    if (this.trace) this.trace("<", line);
    const run = this._run;
    if (this._tries !== undefined) this._lineInSync(line, suspect);
    else if (!run || (line !== run.final && this._sink.isUrc(line, run.text))) {
      if (!run && (line === "OK" || isError(line))) this._stats.strays++;
      this._sink.urc(line, suspect);
    } else if (line === run.text) this._echo = "";
    else if (this._echo && this._echo.startsWith(line)) {
      this._echo = this._echo.substring(line.length + (this._echo[line.length + 1] === "\n" ? 2 : 1));
    } else if (line === run.prompt) {
      this.framer.prompt = "";
      this.prompt();
    } else if (this._isFinal(line, run)) {
      if (suspect) this._hold(line);
      else this._final(line, run);
    } else if (run.info !== undefined && line.startsWith(run.info)) this._keep(line);
    else this._sink.urc(line, suspect);
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
    // Bytes came in the meantime: the silence begins anew.
    if (this._mark !== this.framer.bytes) this._next();
    else if (this._open && !this._run && this._tries === undefined) this._begin(this._queue.shift()!);
  }

  private _begin(run: Request): void {
    this._run = run;
    this._lines = [];
    this._size = 0;
    this._echo = this._held = undefined;
    this._sent = run.prompt === undefined;
    this.framer.prompt = run.prompt === ">" ? ">" : "";
    this._stats.commands++;
    this._arm(run.timeout + run.text.length * this._byteTime);
    this._write(run.text + "\r");
  }

  private _keep(line: string): void {
    if ((this._size += line.length) <= this._limit) this._lines.push(line);
    else this.overrun();
  }

  private _isFinal(line: string, run: Request): boolean {
    // Before the data was sent, an OK can only be a late one of an older command.
    if (line === "OK") return this._sent;
    if (line === run.final || isError(line)) return true;
    return run.final === "#.#.#.#" && isAddress(line);
  }

  private _hold(line: string): void {
    this._arm(HOLD);
    this._held = line;
  }

  private _final(line: string, run: Request): void {
    if (line === "OK" && this._echo === undefined) this.framer.strict = this.framer.framed;
    if (line !== "OK" && isError(line)) {
      const code = +line.substring(line.indexOf(":") + 1);
      const meaning = this._sink.explain("cme", code);
      const error = new M95Error("ECME", run.text + ": " + line + (meaning && " (" + meaning + ")"), run.text);
      error.raw = line;
      if (!isNaN(code)) error.cme = code;
      this._end(run, error);
      return;
    }
    if (run.final === "#.#.#.#" && line !== "OK") this._lines.push(line);
    this._end(run, null);
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
    if (this._tries !== undefined) this._trySync();
    else if (run && this._held !== undefined) this._final(this._held, run);
    else if (run) {
      this._stats.timeouts++;
      this._note("time-out");
      this._run = undefined;
      this._stats.resyncs++;
      // "+++" is the way out of a data mode that counts bytes, ESC out of a prompt.
      this.sync(AT_TRIES, run.prompt === "CONNECT" ? "+++" : "\x1b");
      run.done(new M95Error("ETIMEOUT", run.text + ": no answer in time", run.text), this._lines, this._sent);
    }
  }

  // ---- synchronisation

  private _trySync(): void {
    if (this._synced) {
      if (this._mark === this.framer.bytes) this._endSync(null);
      else this._settle();
    } else if (this._tries! > 0) {
      this._tries!--;
      // A modem left in ATV0 answers with a bare digit; one try in eight gets it out of that.
      this._write((this._tries! & 7) === 7 ? "ATV1\r" : "AT\r");
      this._timer = this._clock.after(AT_WAIT, this._onTimer);
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
    this._timer = this._clock.after(SETTLE, this._onTimer);
  }

  private _lineInSync(line: string, suspect: boolean): void {
    if (line === "OK") {
      if (this._synced) return;
      this._stop();
      this._synced = true;
      this._settle();
    } else if (line === "AT" || line === "ATV1") this._echoed = true;
    else if (!isError(line)) this._sink.urc(line, suspect);
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

  private _note(text: string): void {
    if (this.trace) this.trace("", text);
  }
}
