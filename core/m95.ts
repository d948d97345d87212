// The public M95: composes the modem's lifecycle with its MQTT clients and checks what users hand in.
// @part info: _command _checkCommand
// @part sleep: isRestless
// @resident urc
import { callable, integer, optionsOf, readOptions, refusal, wrong } from "./arguments.js";
import { checkLine, number, quote, split } from "./at/params.js";
import type { Session } from "./at/session.js";
import type { SessionStats } from "./at/types.js";
import { binary, bytesOf, type Codec } from "./codec.js";
import { newCounters, STEPS, statsOf } from "./counters.js";
import { Emitter, type EmitterStats, type Listener } from "./emitter.js";
import { M95Error } from "./errors.js";
import type { M95Events } from "./events.js";
import type { ModemState } from "./m95/bringup.js";
import { nameOf, request } from "./m95/commands.js";
import {
  type Ask,
  type Battery,
  battery,
  type Give,
  type Identity,
  identity,
  type Operator,
  operator,
  type Signal,
  signal,
  type Time,
  time,
} from "./m95/info.js";
import { Lifecycle } from "./m95/lifecycle.js";
import { type M95Options, MODEM_OPTIONS, STABLE, setupOf, type TlsOptions } from "./m95/options.js";
import { RESYNC, type RecoveryStats, STEP_NAMES } from "./m95/recovery.js";
import { Sleeper } from "./m95/sleep.js";
import type { LifecycleListener } from "./m95/types.js";
import { MqttClient } from "./mqtt/client.js";
import { Inbox } from "./mqtt/inbox.js";
import { CLOSED, CONNECTED } from "./mqtt/link.js";
import type { ConnectOptions } from "./mqtt/options.js";
import type { ClientHost, ClientStats, Secure } from "./mqtt/types.js";
import type { Clock, Done } from "./ports.js";

/** MQTT clients a modem has: tcpconnectID 0..5 (application note 3.2.2). */
const CLIENTS = 6;

/** `command` texts that may wait; more are refused with `EQUEUE`. */
const COMMAND_LIMIT = 16;

/** Counters since the object was made. */
export interface Stats extends SessionStats, RecoveryStats, ClientStats, EmitterStats {
  /** Messages for a tcpconnectID without a client, or of unreadable shape. */
  orphans: number;
  /** Times that the modem went to sleep. */
  sleeps: number;
  /** Times that it was woken. */
  wakes: number;
}

/** Options of `command`. */
export interface CommandOptions {
  /** ms until the final result; default: of the command table and 2,000 more, else 5,000. */
  timeout?: number;
  /** What the modem prints when it is ready for `data`: ">" or a line such as "CONNECT". */
  prompt?: string;
  /** Text or bytes, sent behind the prompt as they are, end mark included. */
  data?: unknown;
}

/**
 * One modem on one UART. Everything runs in one thread, in the calls of the ports; no call blocks.
 *
 * Events: `M95Events`.
 */
export class M95 extends Emitter<M95Events> implements LifecycleListener, ClientHost {
  readonly clock: Clock;
  readonly codec: Codec;
  readonly wallClock: (() => number) | undefined;
  /** What `secure` made of option `tls`. */
  readonly tls: Secure | undefined;
  readonly inbox: Inbox;
  readonly stable: number;
  readonly session: Session;
  readonly clients: (MqttClient | undefined)[];
  seen: number;
  readonly random: () => number;
  /** It sleeps. Undefined until it has; with option `sleep`. */
  asleep?: boolean;
  /**
   * Lets the modem sleep as soon as nothing is under way; there with option `sleep`. The next command wakes it.
   * @param done - called when it sleeps; error: `ECLOSED`, it is not ready or was lost meanwhile
   */
  sleep?: (done?: Done) => void;
  /** Wakes the modem; there with option `sleep`. @param done - called when it answers, or needs not be woken any more */
  wake?: (done?: Done) => void;
  private _lifecycle: Lifecycle;
  private _sleeper?: Sleeper;
  /** With the access point, if there is one. */
  private _apn: string | undefined;
  private _commands: number;

  /** @throws M95Error `EPARAM` or `ETOOBIG`, naming option, limit and value */
  constructor(options: M95Options) {
    super(newCounters());
    try {
      const o = options || ({} as M95Options);
      callable("uart.write", o.uart && o.uart.write);
      callable("clock.after", o.clock && o.clock.after);
      if (o.power !== undefined && (!o.power || typeof o.power.on !== "function" || typeof o.power.off !== "function"))
        throw wrong("power", "an object with on and off", o.power);
      const read = readOptions(MODEM_OPTIONS, "", o);
      this.clock = o.clock;
      this.codec = o.codec || binary();
      this.random = read.random || Math.random;
      this.clients = [];
      this.seen = -Infinity;
      this.wallClock = read.wallClock;
      this.tls = o.tls === undefined || (o.tls as unknown) === false ? undefined : this.secured(-1, o.tls);
      this._commands = 0;
      const setup = setupOf(o, this.codec);
      this._apn = setup.apn;
      this.stable = setup.limits[STABLE]!;
      this._lifecycle = new Lifecycle(setup, this, read.guardTime!, read.receiveLimit!);
      this.session = this._lifecycle.session;
      this.inbox = new Inbox(this.clients, this.counters, this.session.framer);
      this.session.inbox = this.inbox;
      const sleep = read.sleep;
      if (sleep !== "off")
        this._sleeper = new Sleeper(this, this._lifecycle, setup, sleep === "auto" ? read.sleepAfter! : 0);
    } catch (error) {
      throw refusal(error);
    }
  }

  get state(): ModemState {
    return this._lifecycle.state;
  }

  /** Counters, up to date at each look. */
  get stats(): Stats {
    const framer = this.session.framer;
    const stats = statsOf(this.counters) as unknown as Stats;
    stats.bytes = framer.bytes;
    stats.lines = framer.lines + stats.received + stats.orphans;
    return stats;
  }

  // ---- for users

  /**
   * Powers the modem on, if there is a `PowerSwitch`, and brings it up until `"ready"`. Ready already is no error.
   * @param done - errors: `EPOWER`, `ETIMEOUT` (it does not answer), `ESIM`, `EREG`, `EPDP`, `ECLOSED` (stopped meanwhile)
   */
  start(done?: Done): void {
    let called = false;
    this._lifecycle.startUp((error) => {
      const tell = (): void => this._answer(error, done);
      // From a timer, if it can be told at once, or out of a receive call.
      if (called && error) tell();
      else this.clock.after(0, tell);
    });
    called = true;
  }

  /**
   * Disconnects the clients, powers the modem off (AT+QPOWD=1 or PWRKEY) and waits for STATUS.
   * @param done - error: `EPOWER`; without a `PowerSwitch` also when the modem did not say that it goes off
   */
  stop(done?: Done): void {
    const stop = (): void => this._lifecycle.shutDown((error) => this.clock.after(0, () => this._answer(error, done)));
    // Asleep it would not hear the goodbyes.
    if (this.asleep) this._sleeper!.arouse(stop);
    else stop();
  }

  /**
   * An MQTT client on a free tcpconnectID, 0..5; starts the modem if needed. It connects by itself.
   * @throws M95Error `EPARAM` or `ETOOBIG` for bad options, a seventh client, or a modem without APN
   */
  connect(options: ConnectOptions): MqttClient {
    try {
      const o = options || ({} as ConnectOptions);
      const clients = this.clients;
      if (!this._apn) throw wrong("apn", "given before a client can connect", undefined);
      let id = 0;
      while (clients[id]) id++;
      if (o.connectionId !== undefined) id = integer("connectionId", o.connectionId, 0, CLIENTS - 1);
      if (id >= CLIENTS)
        throw wrong("clients", "at most six: connectionId 0.." + (CLIENTS - 1) + " are in use", CLIENTS + 1);
      if (clients[id]) throw wrong("connectionId", "not in use", id);
      const client = this.createClient(id, o);
      client.begin(o.store);
      clients[id] = client;
      return client;
    } catch (error) {
      throw refusal(error);
    }
  }

  /**
   * Sends any AT command and hands over its information lines, without echo and final result.
   * @param text - the command, without its line end
   * @param done - errors: `EPARAM`, `EQUEUE`, `ECME` (the modem refused), `ETIMEOUT`, `EUNKNOWN` (what was answered may be part
   * of a message, and the command may do something, so it is not sent again), `ECLOSED`
   */
  command(
    text: string,
    options?: CommandOptions | ((error?: Error | null, lines?: string[]) => void),
    done?: (error?: Error | null, lines?: string[]) => void,
  ): void {
    const callback = typeof options === "function" ? options : done;
    this._try(text, options, (error, lines) => this._answer(error, callback, lines));
  }

  identity(done: (error?: Error | null, identity?: Identity) => void): void {
    this._read(identity, done);
  }

  signal(done: (error?: Error | null, signal?: Signal) => void): void {
    this._read(signal, done);
  }

  battery(done: (error?: Error | null, battery?: Battery) => void): void {
    this._read(battery, done);
  }

  operator(done: (error?: Error | null, operator?: Operator) => void): void {
    this._read(operator, done);
  }

  /** The modem's clock, or the network's when that was never set. */
  time(done: (error?: Error | null, time?: Time) => void): void {
    this._read(time, done);
  }

  override on<E extends keyof M95Events>(event: E, listener: (...args: M95Events[E]) => void): this;
  override on(event: any, listener: Listener): this {
    // Tracing costs at every line, so it is switched on by its first listener only.
    const session = this.session;
    if (event === "trace" && !session.trace)
      session.trace = (direction, text) => {
        this.emit("trace", direction, text);
      };
    return super.on(event, listener);
  }

  /** Makes the client; a target overrides it to give its own kind. */
  protected createClient(id: number, options: ConnectOptions): MqttClient {
    return new MqttClient(this, id, options);
  }

  // ---- for the clients

  rouse(): boolean {
    const state = this.state;
    if (this._lifecycle.idles() && !(this._sleeper && this._sleeper.spares())) this._lifecycle.startUp(() => undefined);
    return state === "ready";
  }

  /**
   * The SSL context of a client, or of option `tls` of this M95 with the ID -1; a build with `m95/tls.ts` overrides it.
   * @throws M95Error `ETLS`
   */
  secured(_id: number, tls: boolean | TlsOptions | undefined): Secure | undefined {
    if (tls) throw new M95Error("ETLS", "tls: not in this build");
    return undefined;
  }

  /** The meaning of a number of the modem; a build with `m95/texts.ts` overrides it. */
  explain(_family: string, _code: number): string {
    return "";
  }

  takesOver(error: M95Error, failures: number): boolean {
    // As long as another client is connected, the modem and its PDP context work.
    return (
      !this._living().some((client) => client.connected && !client.outbox.trouble) &&
      this._lifecycle.stepsIn(error, failures)
    );
  }

  // ---- for the modem

  changed(state: ModemState): void {
    if (state === "syncing") this.inbox.modemBooted();
    if (this._sleeper) this._sleeper.stateIs(state);
    this.emit("state", state);
    // From a timer: whoever listens does not stand on the stack of a receive call.
    if (state === "ready")
      this.clock.after(0, () => {
        // A listener may have stopped it.
        if (this.state === state) this.emit("ready");
        if (this.state === state)
          this._living().forEach((client) => {
            client.modemReady();
          });
      });
  }

  allLost(error: M95Error, rest: boolean): void {
    this._living().forEach((client) => {
      client.modemLost(error, rest);
    });
  }

  steady(): boolean {
    return this._living().every((client) => client.hasLasted());
  }

  failed(error: M95Error, heard: boolean): void {
    if (!heard) this.emit("error", error);
    this._living().forEach((client) => {
      client.modemFailed(error);
    });
  }

  endAll(then: () => void): void {
    let left = 1;
    const one = (): void => {
      if (!--left) then();
    };
    this._living().forEach((client) => {
      left++;
      client.end(false, one);
    });
    one();
  }

  urc(line: string, mayBePayload: boolean): boolean {
    this.emit("urc", line);
    if (!line.startsWith("+QMT")) return false;
    const fields = split(line);
    const client = this.clients[+fields[0]!];
    if (client) client.result(line.substring(1, line.indexOf(":")).trim(), fields, line, mayBePayload);
    return true;
  }

  /**
   * Whether something of a client is under way, so that the modem has to stay awake. Connections of which nothing was heard since it was
   * woken are asked after.
   */
  isRestless(since: number): boolean {
    const restless = this._living().filter((client) => {
      const link = client.link;
      if (link.phase === CLOSED) return false;
      if (link.phase !== CONNECTED || client.outbox.isBusy()) return true;
      if (link.seen >= since) return false;
      link.check();
      return true;
    });
    return restless.length > 0;
  }

  knows(line: string, guessed?: boolean): boolean {
    const fields = split(line);
    const client = this.clients[+fields[0]!];
    return !!client && client.outbox.expects(line.substring(1, line.indexOf(":")), number(fields[1]), guessed);
  }

  bytesLost(): void {
    this._living().forEach((client) => {
      // The loss of the connection may have been among them.
      client.link.checkSoon();
      client.outbox.verdictsLost();
    });
  }

  stepBegins(error: M95Error, step: number, attempt: number, next: number): void {
    const command = error.command;
    // Those the session counts.
    if (step !== RESYNC) this.counters[step + STEPS]!++;
    // A command may hold passwords, and this is for logs.
    const cause = command ? error.message.split(command).join(command.split("=")[0]) : error.raw || error.message;
    this.emit("recovery", { cause, step: STEP_NAMES.split(" ")[step]!, attempt, next });
  }

  // ---- small things

  private _living(): MqttClient[] {
    return this.clients.filter((client) => client) as MqttClient[];
  }

  /** Asks one thing of the modem; what is refused is told later, as everything else is. */
  private _read<T>(read: (ask: Ask, done: Give<T>) => void, done: Give<T>): void {
    const told: Give<T> = (error, value) => this._call(done, error, value);
    try {
      read((text, then) => this._try(text, {}, then), told);
    } catch (error) {
      this.clock.after(0, () => told(refusal(error)));
    }
  }

  /** Sends a command; what is refused is told later, as everything else is. */
  private _try(text: string, options: unknown, done: (error: M95Error | null, lines: string[]) => void): void {
    try {
      this._command(text, optionsOf(options), done);
    } catch (error) {
      this.clock.after(0, () => done(refusal(error), []));
    }
  }

  private _command(
    text: string,
    options: CommandOptions,
    done: (error: M95Error | null, lines: string[]) => void,
  ): void {
    const bytes = this._checkCommand(text);
    const name = nameOf(bytes);
    const one = request(bytes, (error, lines) => {
      this._commands--;
      // A line with another command's name is none of its lines, whatever it is; AT&V lists them all.
      const own = (line: string): boolean => {
        if (line[0] !== "+" || bytes[2] === "&" || bytes.indexOf(";") >= 0 || (name && line.startsWith("+" + name)))
          return true;
        this.emit("urc", line);
        return false;
      };
      done(error, lines.filter(own));
    });
    if (options.prompt !== undefined) one.prompt = options.prompt;
    if (one.prompt !== undefined) {
      if (typeof one.prompt !== "string" || !one.prompt)
        throw wrong("prompt", 'a text such as ">" or "CONNECT"', one.prompt);
      one.data = this.codec.toBytes(options.data);
      if (one.data === undefined) throw wrong("data", "a string or bytes for a command with a prompt", options.data);
    }
    if (options.timeout !== undefined) one.timeout = integer("timeout", options.timeout, 1, 86400000);
    // Nobody knows how its lines begin.
    one.info = "";
    if (this._lifecycle.idles()) throw new M95Error("ECLOSED", "the modem is not running; start it first", bytes);
    if (this._commands >= COMMAND_LIMIT)
      throw new M95Error("EQUEUE", COMMAND_LIMIT + " commands wait already, more are not taken", bytes);
    this._commands++;
    this.session.send(one);
  }

  private _checkCommand(text: unknown): string {
    if (typeof text !== "string" || text.substring(0, 2).toUpperCase() !== "AT")
      throw wrong("text", "a command that starts with AT", text);
    quote("text", text, -1);
    return checkLine("text", bytesOf(this.codec, "text", text));
  }
}
