// One MQTT client of the modem (a tcpconnectID): network, session, keepalive, messages. It does not read AT commands.

import { type Packet, type Parser, parser } from "mqtt-packet";
import type { Device } from "../device.js";
import type { Bearer } from "../module/bearer.js";
import type { PdpContext } from "../module/pdp-context.js";
import type { TlsSetup } from "../module/tls-store.js";
import type { Socket } from "../network/network.js";
import { Timers } from "../time/timers.js";
import { QmtConfig } from "./config.js";
import { InFlight, type Operation } from "./in-flight.js";
import { recvText } from "./recv.js";
import { binary, encode } from "./text.js";

type State = "closed" | "opening" | "initial" | "connecting" | "connected" | "disconnecting";

/** How often a client whose PINGREQ does not wake the module looks whether it is awake, ms. */
const sleepLook = 1000;

/** What the SSL context comes to for this host; a string says why it cannot be used. */
type TlsContext = (context: number, host: string) => TlsSetup | string;

export interface QmtHooks {
  tls: TlsContext;
  /** The result with which AT+QMTOPEN is to fail now; 0: it is not. */
  openFailure(): number;
}

export interface Credentials {
  clientId: string;
  username?: string;
  password?: string;
}

/** Codes of +QMTSTAT (table 2) that the simulator produces by itself. */
export const stat = {
  closedByPeer: 1,
  ping: 2,
  connectNotSent: 3,
  noConnack: 4,
  afterDisconnect: 5,
  sending: 6,
} as const;
/** <result> of +QMTOPEN (3.2.2). */
const opened = { failed: -1, ok: 0, wrongParameter: 1, occupied: 2, noPdp: 3, noHost: 4, networkLost: 5 } as const;

export class QmtClient {
  config = new QmtConfig();
  readonly inFlight: InFlight;
  host = "";
  port = 0;
  readonly #id: number;
  readonly #device: Device;
  readonly #bearer: Bearer;
  readonly #pdp: PdpContext;
  readonly #hooks: QmtHooks;
  /** Those of the open network; they end with it. */
  readonly #timers: Timers;
  /** msgIDs of QoS 2 messages handed over and not yet released. */
  readonly #received = new Set<number>();
  #state: State = "closed";
  #socket: Socket | undefined;
  #parser: Parser | undefined;
  #connectTimer: unknown;
  #pingTimer: unknown;
  #lastSent = 0;
  #failures = 0;
  /** The session is gone, and the modem has not noticed. */
  #dead = false;

  constructor(id: number, device: Device, bearer: Bearer, pdp: PdpContext, hooks: QmtHooks) {
    this.#id = id;
    this.#device = device;
    this.#bearer = bearer;
    this.#pdp = pdp;
    this.#hooks = hooks;
    this.#timers = new Timers(device.options.clock);
    this.inFlight = new InFlight(this.#timers, () => this.config, {
      send: (packet) => this.#send(packet),
      result: (operation, msgID, result, value) => this.#result(operation, msgID, result, value),
      failed: () => this.#packetFailed(),
    });
  }

  get state(): State {
    return this.#state;
  }

  get used(): boolean {
    return this.#state !== "closed";
  }

  open(host: string, port: number): void {
    if (this.used) {
      this.#later(() => this.#urc("QMTOPEN", opened.occupied));
      return;
    }
    this.host = host;
    this.port = port;
    this.#state = "opening";
    // What a host name cannot be is found out after OK; ranges are the command's own affair.
    const failure = this.#hooks.openFailure() || (/^[\w.-]+$/.test(host) ? 0 : opened.wrongParameter);
    if (failure) {
      this.#failOpening(failure);
      return;
    }
    const { enabled, context } = this.config.ssl;
    const tls = enabled ? (context === undefined ? "no <ctxindex>" : this.#hooks.tls(context, host)) : undefined;
    if (typeof tls === "string") {
      this.#device.trace("net", `${this.#id} TLS: ${tls}`);
      this.#failOpening(opened.failed);
      return;
    }
    this.#failOpening(opened.failed, this.#device.timing.open);
    this.#pdp.ensureActive((ok) => {
      if (this.#state !== "opening") return;
      if (ok) this.#dial(tls);
      else this.#failOpening(opened.noPdp);
    });
  }

  /** The CONNECT packet (3.2.4) that the settings and these credentials give. */
  connectPacket(credentials: Credentials): Packet {
    const will = this.config.will;
    const version = this.#device.options.protocolVersion ?? 3;
    return {
      cmd: "connect",
      protocolId: version === 3 ? "MQIsdp" : "MQTT",
      protocolVersion: version,
      clean: this.config.cleanSession,
      keepalive: this.config.keepalive,
      clientId: credentials.clientId,
      ...(credentials.username === undefined ? {} : { username: credentials.username }),
      ...(credentials.password === undefined ? {} : { password: Buffer.from(credentials.password, "latin1") }),
      ...(will && {
        will: {
          topic: Buffer.from(will.topic, "latin1").toString("utf8"),
          payload: Buffer.from(will.message, "latin1"),
          qos: will.qos,
          retain: will.retain,
        },
      }),
    };
  }

  connect(packet: Packet): void {
    this.#state = "connecting";
    this.#send(packet);
    this.#awaitConnack(0);
  }

  /** DISCONNECT (3.2.5); the broker then closes the network. */
  disconnect(): void {
    const { quirks } = this.#device;
    if (this.#state !== "connected") {
      this.#later(() => this.#urc("QMTDISC", -1));
      return;
    }
    this.#send({ cmd: "disconnect" });
    this.#timers.cancelAll();
    this.inFlight.clear();
    this.#state = "disconnecting";
    this.#socket?.end();
    this.#socket = undefined;
    this.#later(() => {
      if (this.#state !== "disconnecting") return;
      if (!quirks.occupiedAfterDisc) this.reset();
      if (quirks.statBeforeDiscResult) this.#urc("QMTSTAT", stat.afterDisconnect);
      this.#urc("QMTDISC", 0);
      if (quirks.statAfterDisc) this.#urc("QMTSTAT", stat.afterDisconnect);
    });
  }

  close(): void {
    const result = this.used ? 0 : -1;
    const socket = this.#socket;
    this.reset();
    socket?.end();
    if (this.#device.quirks.qmtcloseResult) this.#later(() => this.#urc("QMTCLOSE", result));
  }

  /** The modem closes this client and says so. */
  drop(code: number): void {
    if (!this.used) return;
    const socket = this.#socket;
    this.reset();
    socket?.end();
    this.#urc("QMTSTAT", code);
  }

  /** Nothing gets through any more until the network is closed, and the modem calls it connected. */
  die(): void {
    this.#dead = this.#state === "connected";
    this.#timers.cancel(this.#pingTimer);
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** The PDP context is gone. */
  contextLost(): void {
    const was = this.#state;
    this.#socket?.destroy();
    this.reset();
    if (was === "opening") this.#urc("QMTOPEN", opened.networkLost);
    else if (was !== "closed" && this.#device.quirks.statAfterPdpDeact) this.#urc("QMTSTAT", stat.closedByPeer);
  }

  /** Closed, settings kept; the socket is left to the caller. */
  reset(): void {
    this.#state = "closed";
    this.#socket = undefined;
    this.#parser?.removeAllListeners();
    this.#parser = undefined;
    this.#timers.cancelAll();
    this.inFlight.clear();
    this.#received.clear();
    this.#failures = 0;
    this.#dead = false;
  }

  /** Power cut: nobody is told. */
  vanish(): void {
    this.#socket?.destroy();
    this.reset();
    this.config = new QmtConfig();
  }

  #dial(tls: TlsSetup | undefined): void {
    this.#parser = parser({ protocolVersion: 4 });
    this.#parser.on("packet", (packet) => this.#onPacket(packet));
    this.#parser.on("error", () => this.drop(stat.closedByPeer));
    const socket = this.#bearer.connect(this.host, this.port, tls?.settings, {
      onHandshake: () => {
        if (this.#socket === socket && tls?.limit !== undefined) this.#failOpening(opened.failed, tls.limit);
      },
      onConnect: () => {
        if (this.#socket !== socket) return;
        this.#timers.cancelAll();
        this.#state = "initial";
        this.#urc("QMTOPEN", opened.ok);
      },
      onData: (bytes) => {
        if (this.#socket === socket) this.#parser?.parse(bytes);
      },
      onClose: (error) => {
        if (this.#socket !== socket || this.#dead) return;
        if (this.#state !== "opening") return this.drop(stat.closedByPeer);
        if (error) this.#device.trace("net", `${this.#id} ${tls ? "TLS: " : ""}${error.message}`);
        const unknownHost = error?.code === "ENOTFOUND" || error?.code === "EAI_AGAIN";
        this.#openFailed(unknownHost ? opened.noHost : opened.failed);
      },
    });
    this.#socket = socket;
  }

  /** Unless it has opened or been closed by then. */
  #failOpening(result: number, ms = this.#device.timing.result): void {
    this.#timers.after(ms, () => this.#openFailed(result));
  }

  #openFailed(result: number): void {
    if (this.#state !== "opening") return;
    this.#socket?.destroy();
    this.reset();
    this.#urc("QMTOPEN", result);
  }

  #awaitConnack(tries: number): void {
    const { packet, retries, notice } = this.config.timeout;
    this.#connectTimer = this.#timers.after(packet * 1000, () => {
      if (tries < retries) {
        // Bytes of a CONNECT under way are TCP's to repeat: a second CONNECT would end the session.
        if (notice) this.#urc("QMTCONN", 1, tries + 1);
        this.#awaitConnack(tries + 1);
        return;
      }
      this.#urc("QMTCONN", 2);
      this.drop(this.#bearer.up ? stat.noConnack : stat.connectNotSent);
    });
  }

  #onPacket(packet: Packet): void {
    if (this.#dead) return;
    const msgID = packet.messageId ?? 0;
    switch (packet.cmd) {
      case "connack":
        this.#connack(packet.returnCode ?? 0);
        return;
      case "publish":
        this.#message(packet.topic, packet.payload as Buffer, packet.qos, msgID);
        return;
      case "pubrel":
        this.#received.delete(msgID);
        this.#send({ cmd: "pubcomp", messageId: msgID });
        return;
      case "puback":
      case "pubcomp":
        return void this.inFlight.acknowledge("QMTPUB", msgID);
      case "pubrec":
        this.inFlight.release(msgID);
        return;
      case "suback":
        return void this.inFlight.acknowledge("QMTSUB", msgID, packet.granted.join(","));
      case "unsuback":
        return void this.inFlight.acknowledge("QMTUNS", msgID);
      case "pingresp":
        this.#timers.cancel(this.#pingTimer);
        this.#armKeepalive();
        return;
    }
  }

  #connack(code: number): void {
    if (this.#state !== "connecting") return;
    this.#timers.cancel(this.#connectTimer);
    this.#state = code === 0 ? "connected" : "initial";
    this.#urc("QMTCONN", 0, code);
    if (code === 0) this.#armKeepalive();
  }

  #message(topic: string, payload: Buffer, qos: number, msgID: number): void {
    if (qos === 1) this.#send({ cmd: "puback", messageId: msgID });
    if (qos === 2) {
      this.#send({ cmd: "pubrec", messageId: msgID });
      if (this.#received.has(msgID)) return;
      this.#received.add(msgID);
    }
    const { quirks } = this.#device;
    const message = { tcpconnectID: this.#id, msgID, topic: binary(topic), payload: payload.toString("latin1") };
    this.#device.urc(recvText(quirks.recvShape, message, this.config.showRecvLen));
  }

  /** PINGREQ when nothing was sent for the keep-alive time. */
  #armKeepalive(): void {
    const period = this.config.keepalive * 1000;
    if (period === 0) return;
    const idle = this.#timers.now() - this.#lastSent;
    this.#pingTimer = this.#timers.after(Math.max(0, period - idle), () => {
      // Times are fractions: a rest that rounds away would come round for ever.
      if (period - (this.#timers.now() - this.#lastSent) > 1) this.#armKeepalive();
      else this.#ping(0);
    });
  }

  #ping(tries: number): void {
    const { packet, retries } = this.config.timeout;
    if (this.#device.asleep && !this.#device.quirks.pingAsleep) {
      this.#pingTimer = this.#timers.after(sleepLook, () => this.#ping(tries));
      return;
    }
    this.#send({ cmd: "pingreq" });
    this.#pingTimer = this.#timers.after(packet * 1000, () => {
      if (tries < retries) this.#ping(tries + 1);
      else this.drop(stat.ping);
    });
  }

  #send(packet: Packet): void {
    this.#lastSent = this.#timers.now();
    this.#device.trace("net", `${this.#id} > ${packet.cmd}${packet.messageId ? ` ${packet.messageId}` : ""}`);
    if (!this.#dead) this.#socket?.write(encode(packet));
  }

  #result(operation: Operation, msgID: number, result: number, value?: string): void {
    if (result === 0) this.#failures = 0;
    this.#urc(operation, msgID, result, ...(value === undefined ? [] : [value]));
  }

  #packetFailed(): void {
    if (this.#dead) return;
    const limit = this.#device.quirks.closeAfterFailures;
    if (++this.#failures >= limit && limit > 0) this.drop(stat.sending);
  }

  #urc(name: string, ...values: (number | string)[]): void {
    this.#device.urc(`+${name}: ${[this.#id, ...values].join(",")}`);
  }

  #later(fn: () => void): void {
    this.#device.timers.after(this.#device.timing.result, fn);
  }
}
