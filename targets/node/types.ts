// The package's interface on Node as its users see it: modem, client, their events and options. Types only; it holds no code.
import type {
  Battery,
  ClientState,
  Clock,
  CommandOptions,
  ConnectOptions,
  CycleOptions as CoreCycleOptions,
  ClientEvents as CoreEvents,
  M95Options as CoreOptions,
  Done,
  Grant,
  GrantDone,
  Identity,
  M95Events,
  ModemState,
  Operator,
  PacketInfo,
  PemSource,
  PublishInfo,
  PublishOptions,
  Signal,
  Stats,
  SubscribeOptions,
  Time,
  Topics,
} from "../../core/index.js";
import type { Recorder } from "../../trace/recorder.js";

/** Options of `new M95`. `clock` is optional: the system's. */
export interface M95Options extends Omit<CoreOptions, "clock"> {
  /** Anything with `now`, `after` and `cancel`. Default: the system's. */
  clock?: Clock;
  /** Writes down what passes, see `recorder`. */
  trace?: Recorder;
}

/** Options of `openM95`: those of `new M95` without the port, and the rate at which that is opened. */
export interface OpenOptions extends Omit<M95Options, "uart"> {
  /** Rate at which a path is opened, baud. 1..4000000, default: `baud`, else 115200. */
  baudRate?: number;
}

/**
 * Options of a client in the words of MQTT.js, beside those of `ConnectOptions`. What MQTT.js knows and nothing here depends on
 * (`connectTimeout`, `reschedulePings`, …) is taken with a warning; what would change the meaning is refused with `EPARAM`.
 */
export interface MqttJsOptions extends Omit<ConnectOptions, "host" | "password"> {
  /** Name or address of the broker, at most 100 bytes. Needed, here or in the URL. */
  host?: string;
  /** The same as `host`. */
  hostname?: string;
  /** With `username` only. Bytes have to be UTF-8. Neither double quote nor control character. */
  password?: string | Uint8Array;
  /** User name and password split by a colon, when `username` is not given. */
  auth?: string;
  /** `"mqtt"` or `"tcp"`: plain; `"mqtts"`, `"ssl"` or `"tls"`: with TLS. Default: plain, with `tls`, `ca`, `cert` or `key` TLS. */
  protocol?: "mqtt" | "tcp" | "mqtts" | "ssl" | "tls" | (string & {});
  /** As `tls.ca`; several are joined. */
  ca?: PemSource | PemSource[];
  /** As `tls.cert`. */
  cert?: PemSource;
  /** As `tls.key`. */
  key?: PemSource;
  /** false: `tls.securityLevel` 0, the broker is not verified. Default true. */
  rejectUnauthorized?: boolean;
  /** Without effect: the modem speaks what its firmware does, MQTT 3.1 as of the application note. 5 is refused. */
  protocolVersion?: 3 | 4;
  /** Without effect. */
  protocolId?: string;
  /** Without effect: an attempt takes as long as the modem takes. */
  connectTimeout?: number;
  /** Without effect: the modem sends its pings by itself. */
  reschedulePings?: boolean;
  /** Without effect. */
  log?: (...args: unknown[]) => void;
}

/** Options of `connect` without an URL. */
export type ClientOptions = MqttJsOptions &
  (
    | {
        /** Name or address of the broker. */
        host: string;
      }
    | {
        /** The same as `host`. */
        hostname: string;
      }
  );

/** Bytes or text of a message to publish. Text is sent as UTF-8. */
export type Payload = string | Uint8Array | ArrayBuffer | DataView;

/** What is known of the answer to a CONNECT; names as in MQTT.js. */
export interface ConnackPacket {
  /** Its kind. */
  cmd: "connack";
  /** 0: accepted. */
  returnCode: 0;
  /** 0: accepted. */
  reasonCode: 0;
  /** Always undefined: the modem does not say whether the broker remembered the session. */
  sessionPresent: undefined;
}

/** A received message; names as in MQTT.js. What the modem does not say is undefined. */
export interface PublishPacket extends PacketInfo {
  /** Its kind. */
  cmd: "publish";
  /** Its topic. */
  topic: string;
  /** Its bytes. */
  payload: Buffer;
  /** Always undefined: the modem does not say. */
  retain: undefined;
  /** Always undefined: the modem does not say. */
  dup: undefined;
  /** 1..65535, undefined with QoS 0. */
  messageId: number | undefined;
}

/** A verdict of the broker; names as in MQTT.js. */
export interface AckPacket {
  /** `"puback"` for QoS 1, `"pubcomp"` for QoS 2. */
  cmd: "puback" | "pubcomp" | "suback" | "unsuback";
  /** 1..65535. */
  messageId: number;
}

/** A publish that was accepted, for its callback; names as in MQTT.js. */
export interface AcceptedPacket extends PublishInfo {
  /** Its kind. */
  cmd: "publish";
  /** Its topic. */
  topic: string;
  /** As it was handed in. */
  payload: Payload;
  /** 1..65535, undefined with QoS 0. */
  messageId: number | undefined;
}

/** What an `MqttClient` emits: the events of every runtime, two of them with more to tell, and some of MQTT.js. */
export interface ClientEvents extends Omit<CoreEvents<Buffer>, "connect" | "message"> {
  /** A session was established, the first or another one. */
  connect: [packet: ConnackPacket];
  /** A message came in. */
  message: [topic: string, payload: Buffer, packet: PublishPacket];
  /** A CONNACK, a message or a verdict has come. */
  packetreceive: [packet: ConnackPacket | PublishPacket | AckPacket];
  /** Nothing waits or is in flight any more. */
  outgoingEmpty: [];
}

/** The methods of Node's `EventEmitter`, with the events of `Events`. In listeners, `this` is the object that emits. */
export interface TypedEmitter<Events extends { [E in keyof Events]: unknown[] }> {
  /** Adds a listener. @throws M95Error `EPARAM` for what is no function */
  on<E extends keyof Events>(event: E, listener: (...args: Events[E]) => void): this;
  /** The same as `on`. */
  addListener<E extends keyof Events>(event: E, listener: (...args: Events[E]) => void): this;
  /** Adds a listener in front of the others. @throws M95Error `EPARAM` for what is no function */
  prependListener<E extends keyof Events>(event: E, listener: (...args: Events[E]) => void): this;
  /** Adds a listener for one time. @throws M95Error `EPARAM` for what is no function */
  once<E extends keyof Events>(event: E, listener: (...args: Events[E]) => void): this;
  /** Adds a listener for one time in front of the others. @throws M95Error `EPARAM` for what is no function */
  prependOnceListener<E extends keyof Events>(event: E, listener: (...args: Events[E]) => void): this;
  /** Takes a listener away; one that was added twice, once. */
  off<E extends keyof Events>(event: E, listener: (...args: Events[E]) => void): this;
  /** The same as `off`. */
  removeListener<E extends keyof Events>(event: E, listener: (...args: Events[E]) => void): this;
  /** Takes all listeners away, or those of one event. */
  removeAllListeners(event?: keyof Events): this;
  /** Calls the listeners. What one throws is counted and becomes an `"error"`; an `"error"` that nobody hears is a warning. */
  emit<E extends keyof Events>(event: E, ...args: Events[E]): boolean;
  /** How many listeners an event has. */
  listenerCount(event: keyof Events, listener?: (...args: never[]) => void): number;
  /** The listeners of an event. */
  listeners(event: keyof Events): ((...args: never[]) => void)[];
  /** The same, with what `once` has put around them. */
  rawListeners(event: keyof Events): ((...args: never[]) => void)[];
  /** Events that have listeners. */
  eventNames(): (string | symbol)[];
  /** Listeners of one event from which on Node warns of a leak. Default 10; 0: never. */
  setMaxListeners(n: number): this;
  /** What `setMaxListeners` has set. */
  getMaxListeners(): number;
}

/** An MQTT client over a modem. It connects by itself, and again after a loss. */
export interface MqttClient extends TypedEmitter<ClientEvents> {
  /** Connected. */
  readonly connected: boolean;
  /** A connection was lost or not achieved, and the next attempt is under way or waited for. */
  readonly reconnecting: boolean;
  /** `end` was called, and the client has not ended yet. */
  readonly disconnecting: boolean;
  /** The client has ended. */
  readonly disconnected: boolean;
  /** Where it stands. */
  readonly state: ClientState;
  /** Publishes that wait to be handed to the modem. */
  readonly queued: number;
  /** ms since the modem last confirmed something of the connection; `Infinity` before the first one. */
  readonly age: number;
  /** The tcpconnectID, 0..5. */
  readonly connectionId: number;
  /** The options it was made with. */
  readonly options: Readonly<ConnectOptions>;

  /**
   * Publishes a message.
   * @param payload - at most 1548 bytes, without 0x1A and 0x1B unless the firmware takes lengths or `encoding` is used
   * @param done - QoS 0: called when the modem has sent it; QoS 1 and 2: when it is acknowledged. Errors: `EPARAM`, `ETOOBIG`,
   * `EPAYLOAD`, `EQUEUE`, `ESTORE` before anything is sent; `ETIMEOUT` when the modem gave up; `EUNKNOWN` when no verdict came;
   * `ECLOSED`
   */
  publish(topic: string, payload: Payload, options?: PublishOptions, done?: PublishDone): this;
  /** The same without options. */
  publish(topic: string, payload: Payload, done: PublishDone): this;
  /** `publish` as a promise. */
  publishAsync(topic: string, payload: Payload, options?: PublishOptions): Promise<AcceptedPacket>;

  /**
   * Subscribes to topic filters, 32 at most; remembered, and made anew on each connect.
   * @param topics - a filter, several, or an object of filters with the QoS of each: `{ a: 1 }` or `{ a: { qos: 1 } }`
   * @param done - gets what the broker granted, 128 for a refused filter. Errors as for `publish`; `ELIMIT` for too many filters;
   * `EREFUSED` when all of them were refused. Without `done`, an `"error"` names those that were
   */
  subscribe(topics: Topics, options?: SubscribeOptions, done?: GrantDone): this;
  /** The same without options. */
  subscribe(topics: Topics, done: GrantDone): this;
  /** `subscribe` as a promise. */
  subscribeAsync(topics: Topics, options?: SubscribeOptions): Promise<Grant[]>;

  /** Unsubscribes from topic filters. Errors as for `subscribe`. */
  unsubscribe(topics: string | string[], done?: Done): this;
  /** The same with options, of which none are known. */
  unsubscribe(topics: string | string[], options: object | undefined, done?: Done): this;
  /** `unsubscribe` as a promise. */
  unsubscribeAsync(topics: string | string[], options?: object): Promise<void>;

  /**
   * Ends the client. While connected, what was accepted is sent first, within its time limits, then DISCONNECT and close. While
   * not connected, what was never sent fails with `ECLOSED`.
   * @param force - true: at once and without DISCONNECT, so that the will happens; what is in flight ends with `EUNKNOWN`. Default false
   * @param options - none are known
   */
  end(force?: boolean, options?: object, done?: Done): this;
  /** The same without options. */
  end(force: boolean | object, done: Done): this;
  /** The same without options, not by force. */
  end(done: Done): this;
  /** `end` as a promise. */
  endAsync(force?: boolean, options?: object): Promise<void>;

  /**
   * Connects now instead of when the waiting time is over, and also after `end`. An `"error"` with `EPARAM` says that another
   * client has its tcpconnectID meanwhile.
   */
  reconnect(): this;
  /** Takes a publish out of the queue by its message ID; its callback gets `ECLOSED`. One that was handed over stays. */
  removeOutgoingMessage(messageId: number): this;
  /** The last message ID that was given to a packet, 1..65535; undefined before the first. They are drawn at random. */
  getLastMessageId(): number | undefined;
}

/** The end of a publish: `null`, or why it failed, and what was published. */
export type PublishDone = (error?: Error | null, packet?: AcceptedPacket) => void;

/** `MqttClient` as a value: for `instanceof`. Clients are made by `M95.connect`. */
export interface MqttClientConstructor {
  /** What all clients share. */
  readonly prototype: MqttClient;
  /** For `instanceof`. */
  [Symbol.hasInstance](value: unknown): boolean;
}

/** One modem on one port. */
export interface M95 extends TypedEmitter<M95Events> {
  /** What it takes the time from. */
  readonly clock: Clock;
  /** Where it stands. */
  readonly state: ModemState;
  /** Counters since the object was made, up to date at each look. */
  readonly stats: Stats;
  /**
   * Powers the modem on, if there is a `PowerSwitch`, and brings it up until `"ready"`. Ready already is no error.
   * @param done - errors: `EPOWER`, `ETIMEOUT` (it does not answer), `ESIM`, `EREG`, `EPDP`, `ECLOSED` (stopped meanwhile)
   */
  start(done?: Done): void;
  /** `start` as a promise. */
  startAsync(): Promise<void>;
  /**
   * Ends the clients as `MqttClient.end` does, and switches the modem off.
   * @param done - error: `EPOWER`; without a `PowerSwitch` also when the modem did not say that it goes off
   */
  stop(done?: Done): void;
  /** `stop` as a promise. */
  stopAsync(): Promise<void>;
  /** It sleeps, which takes option `sleep`. */
  readonly asleep: boolean;
  /**
   * Lets the modem sleep as soon as nothing is under way; the next command wakes it.
   * @param done - called when it sleeps; errors: `ECLOSED` (it is not ready, or was lost meanwhile), `EPARAM` (there is no option `sleep`)
   */
  sleep(done?: Done): void;
  /** `sleep` as a promise. */
  sleepAsync(): Promise<void>;
  /** Wakes the modem. @param done - called when it answers, or needs not be woken any more; error: `EPARAM`, as for `sleep` */
  wake(done?: Done): void;
  /** `wake` as a promise. */
  wakeAsync(): Promise<void>;
  /**
   * An MQTT client on a free tcpconnectID, 0..5; starts the modem if needed. It connects by itself.
   * @throws M95Error `EPARAM` or `ETOOBIG` for bad options, a seventh client, or a modem without APN; `ESTORE`; `ETLS`
   */
  connect(options: ClientOptions): MqttClient;
  /** The same with an URL, `mqtt://user:password@host:1883` or `mqtts://…`; what `options` say goes before it. */
  connect(url: string, options?: MqttJsOptions): MqttClient;
  /**
   * Sends any AT command and hands over its information lines, without echo and final result.
   * @param text - the command, without its line end
   * @param done - errors: `EPARAM`, `EQUEUE` (16 wait), `ECME` (the modem refused), `ETIMEOUT`, `EUNKNOWN` (it may have been done),
   * `ECLOSED`
   */
  command(text: string, options?: CommandOptions, done?: (error?: Error | null, lines?: string[]) => void): void;
  /** The same without options. */
  command(text: string, done: (error?: Error | null, lines?: string[]) => void): void;
  /** `command` as a promise of the information lines. */
  commandAsync(text: string, options?: CommandOptions): Promise<string[]>;
  /** Maker, model, firmware and numbers of modem and SIM. Errors as for `command`. */
  identity(done: (error?: Error | null, identity?: Identity) => void): void;
  /** `identity` as a promise. */
  identityAsync(): Promise<Identity>;
  /** Strength and bit errors of the signal. Errors as for `command`. */
  signal(done: (error?: Error | null, signal?: Signal) => void): void;
  /** `signal` as a promise. */
  signalAsync(): Promise<Signal>;
  /** Voltage and charge. Errors as for `command`. */
  battery(done: (error?: Error | null, battery?: Battery) => void): void;
  /** `battery` as a promise. */
  batteryAsync(): Promise<Battery>;
  /** The network that the modem is registered in. Errors as for `command`. */
  operator(done: (error?: Error | null, operator?: Operator) => void): void;
  /** `operator` as a promise. */
  operatorAsync(): Promise<Operator>;
  /** The modem's clock, or the network's when that was never set. Errors as for `command`. */
  time(done: (error?: Error | null, time?: Time) => void): void;
  /** `time` as a promise. */
  timeAsync(): Promise<Time>;
  /**
   * Stops what runs, ends the clients without DISCONNECT, and closes the port, which else keeps the process alive. The modem is not
   * switched off: that is `stop`, before.
   * @param done - called when the port is closed
   */
  close(done?: Done): void;
  /** `close` as a promise. */
  closeAsync(): Promise<void>;
  /** `closeAsync`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Options of `cycle`. */
export interface CycleOptions extends Omit<CoreCycleOptions<MqttClient>, "connect"> {
  /**
   * The client's options. `clean` is false unless it is given, so that the broker keeps messages for it: that needs a `clientId`. Without a
   * `store`, what could not be sent is kept in memory for the next round.
   */
  connect: ClientOptions;
}

/** A duty cycle that runs until it is ended. */
export interface Cycle {
  /** Ends the cycle: a round under way is broken off, the modem switched off. @param done - called when it is; error: `EPOWER` */
  end(done?: Done): void;
}

/** `M95` as a value. */
export interface M95Constructor {
  /** @throws M95Error `EPARAM` or `ETOOBIG`, naming option, limit and value */
  new (options: M95Options): M95;
  /** What all modems share. */
  readonly prototype: M95;
}
