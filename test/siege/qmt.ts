// The modem's MQTT: six clients, each with a broker behind a slow network (application note, chapters 3 and 4).
import type { Broker } from "./broker.js";
import { matches } from "./broker.js";
import type { Modem } from "./modem.js";
import type { System } from "./system.js";

/** What becomes of a packet: tries that are lost, and whether the last one is. */
export interface Fate {
  lost: number;
  failed: boolean;
  /** Lost tries have arrived: it was their acknowledgement that got lost. */
  arrived: boolean;
  /** The modem's result line is lost. */
  mute: boolean;
}

export const GOOD: Fate = { lost: 0, failed: false, arrived: false, mute: false };
export const FAILS: Fate = { lost: 9, failed: true, arrived: false, mute: false };

interface Client {
  /** 0 none, 1 open, 2 connecting, 3 connected (note 3.2.4). */
  state: number;
  era: number;
  host: string;
  port: string;
  will: string[];
  timeout: number[];
  clean: boolean;
  keepalive: number;
  secure: string[];
  counted: boolean;
  /** Message IDs in flight, by command and ID. */
  flight: Set<string>;
  /** Those whose result got lost, so that the host still waits for it. */
  muted: Set<string>;
  msgid: number;
}

const WINDOW = 5;

function fresh(): Client {
  return {
    state: 0,
    era: 0,
    host: "",
    port: "",
    will: ["0"],
    timeout: [5, 3, 0],
    clean: true,
    keepalive: 120,
    secure: ["0"],
    counted: false,
    flight: new Set(),
    muted: new Set(),
    msgid: 0,
  };
}

export class Qmt {
  clients: Client[] = Array.from({ length: 6 }, fresh);
  /** Draws what becomes of the next packet. */
  fate: (name: string) => Fate = () => GOOD;
  /** Clients get back what they publish, if they are subscribed to it. */
  loop = false;
  /** A packet was given up, or its result is lost. */
  onUnheard: (client: number, name: string) => void = () => {};
  /** Called when the host is handed what shows that this client's connection lives. */
  onLife: (client: number) => void = () => {};
  /** A message is put on the line. */
  onMessage: (client: number, msgid: number, topic: string, payload: string) => void = () => {};
  private readonly modem: Modem;
  private readonly broker: Broker;
  private readonly system: System;

  constructor(modem: Modem, broker: Broker, system: System) {
    this.modem = modem;
    this.broker = broker;
    this.system = system;
    modem.carriers.push((text, name, form, values) => this.carry(text, name, form, values));
    system.onDown = () => this.gone(false);
    modem.onBoot.push(() => this.gone(true));
  }

  /** A packet of this name and ID that the modem has told no result of. */
  inFlight(client: number, name: string, msgid: number): boolean {
    const { flight, muted } = this.clients[client]!;
    return flight.has(`${name},${msgid}`) || muted.has(`${name},${msgid}`);
  }

  /** Packets of this name in flight. */
  flights(client: number, name: string): number {
    let count = 0;
    for (const one of this.clients[client]!.flight) if (one.startsWith(name)) count++;
    return count;
  }

  // ---- what comes from outside

  /** The broker delivers a message. False: nobody is there. */
  inbound(id: number, topic: string, payload: string, qos: number): boolean {
    const client = this.clients[id]!;
    const { shape } = this.modem.firmware;
    if (client.state !== 3) return false;
    client.msgid = qos ? (client.msgid % 65535) + 1 : client.msgid;
    const msgid = qos ? client.msgid : 0;
    const length = client.counted ? `${payload.length},` : "";
    const head = `+QMTRECV: ${id},${msgid},`;
    const text =
      shape === 1
        ? `${head} "${topic}", ${length}"${payload}"`
        : shape === 2
          ? `${head}"${topic}",${length}${payload}`
          : shape === 3
            ? `${head}${topic},${length}${payload}`
            : `${head}"${topic}",${length}"${payload}"`;
    this.onMessage(id, msgid, topic, payload);
    this.modem.urc(text, () => this.onLife(id));
    return true;
  }

  /** The connection is gone. @param told - by +QMTSTAT */
  drop(id: number, code: number, told: boolean): void {
    if (!this.clients[id]!.state) return;
    this.close(id);
    if (told) this.modem.urc(`+QMTSTAT: ${id},${code}`);
  }

  private gone(settings: boolean): void {
    for (let id = 0; id < 6; id++) {
      this.close(id);
      if (settings) this.clients[id] = { ...fresh(), era: this.clients[id]!.era };
    }
  }

  private close(id: number): void {
    const client = this.clients[id]!;
    client.state = 0;
    client.era++;
    client.flight.clear();
    this.broker.disconnect(id);
  }

  // ---- commands

  private carry(text: string, name: string, form: string, values: string[]): boolean {
    const { modem } = this;
    if (!name.startsWith("+QMT")) return false;
    if (form === "=?") modem.answer(this.test(name));
    else if (form === "?") modem.answer(this.read(name), "OK", undefined, this.living(name));
    else if (form !== "=") modem.answer([], "ERROR");
    else if (name === "+QMTCFG") this.configure(values);
    else if (!/^[0-5]$/.test(values[0] ?? "")) modem.answer([], "+CME ERROR: 8507");
    else if (name === "+QMTOPEN") this.open(Number(values[0]), values);
    else if (name === "+QMTCONN") this.connect(Number(values[0]));
    else if (name === "+QMTPUB") this.publish(Number(values[0]), values);
    else if (name === "+QMTSUB" || name === "+QMTUNS") this.subscribe(Number(values[0]), name.slice(1), values);
    else this.end(Number(values[0]), name.slice(1), text);
    return true;
  }

  private test(name: string): string[] {
    const { lengths } = this.modem.firmware;
    if (name === "+QMTPUB")
      return [`+QMTPUB : (0-5),(0-65535),(0-2),(0,1),"<topic>"${lengths ? ",<length>" : ',"<msg>"'}`];
    if (name !== "+QMTCFG") return [`${name} : (0-5)`];
    const types = ['"WILL",(0-5),(0-1),(0-2),(0-1)', '"TIMEOUT",(0-5),(1-60),(0-10),(0-1)', '"SESSION",(0-5),(0-1)'];
    types.push('"KEEPALIVE",(0-5),(0-3600)', '"SSL",(0-5),(0-1),(0-5)');
    if (lengths) types.push('"SHOWRECVLEN",(0-5),(0,1)');
    return types.map((one) => `+QMTCFG: ${one}`);
  }

  private read(name: string): string[] {
    const all = this.clients.map((client, id) => ({ ...client, id })).filter(({ state }) => state);
    if (name === "+QMTOPEN") return all.map(({ id, host, port }) => `+QMTOPEN: ${id},"${host}",${port}`);
    return name === "+QMTCONN" ? all.map(({ id, state }) => `+QMTCONN: ${id},${state}`) : [];
  }

  private living(name: string): () => void {
    const living = this.clients.map(({ state }) => state === 3);
    return () => {
      if (name !== "+QMTCONN") return;
      living.forEach((yes, id) => {
        if (yes) this.onLife(id);
      });
    };
  }

  private configure(values: string[]): void {
    const { modem } = this;
    const [type, id, ...rest] = values;
    const client = this.clients[Number(id)];
    const known = ["WILL", "TIMEOUT", "SESSION", "KEEPALIVE", "SSL"];
    if (modem.firmware.lengths) known.push("SHOWRECVLEN");
    if (!client || !known.includes(type!)) {
      modem.answer([], "+CME ERROR: 8507");
      return;
    }
    if (!rest.length) {
      const [fg, qos, retain, topic, message] = client.will;
      const told: { [type: string]: string } = {
        WILL: fg === "1" ? `1,${qos},${retain},"${topic}","${message}"` : "0",
        TIMEOUT: client.timeout.join(),
        SESSION: client.clean ? "1" : "0",
        KEEPALIVE: `${client.keepalive}`,
        SSL: client.secure.join(),
        SHOWRECVLEN: client.counted ? "1" : "0",
      };
      const { query } = modem.firmware;
      if (query === "refused") modem.answer([], "+CME ERROR: 8507");
      else modem.answer(query === "told" ? [`+QMTCFG: ${told[type!]}`] : []);
      return;
    }
    if (type === "WILL") client.will = rest;
    else if (type === "TIMEOUT") client.timeout = rest.map(Number);
    else if (type === "SESSION") client.clean = rest[0] === "1";
    else if (type === "KEEPALIVE") client.keepalive = Number(rest[0]);
    else if (type === "SSL") client.secure = rest;
    else client.counted = rest[0] === "1";
    modem.answer([]);
  }

  private open(id: number, values: string[]): void {
    const { modem, system } = this;
    const client = this.clients[id]!;
    if (client.state) {
      modem.answer([], "OK", () => modem.result(`+QMTOPEN: ${id},2`));
      return;
    }
    modem.answer([], "OK", () => {
      const { era } = client;
      modem.later(modem.delay(modem.delays.roundTrip), () => {
        if (era !== client.era) return;
        if (system.active) {
          client.state = 1;
          client.host = values[1]!;
          client.port = values[2]!;
        }
        modem.result(`+QMTOPEN: ${id},${system.active ? 0 : 3}`);
      });
    });
  }

  private connect(id: number): void {
    const { modem, broker } = this;
    const client = this.clients[id]!;
    if (client.state !== 1) {
      modem.answer([], "+CME ERROR: 8503");
      return;
    }
    client.state = 2;
    modem.answer([], "OK", () => {
      const { era } = client;
      modem.later(modem.delay(modem.delays.roundTrip), () => {
        if (era !== client.era) return;
        client.state = 3;
        broker.connect(id, client.will[0] === "1" ? client.will.slice(1).join() : "", client.clean);
        modem.result(`+QMTCONN: ${id},0,0`, () => this.onLife(id));
      });
    });
  }

  private end(id: number, name: string, text: string): void {
    const { modem } = this;
    const { state } = this.clients[id]!;
    if (!state || (name === "QMTDISC" && state !== 3)) {
      modem.answer([], "+CME ERROR: 8503");
      return;
    }
    this.modem.watcher.torn(id, text);
    this.close(id);
    modem.answer([], "OK", () => modem.later(20, () => modem.result(`+${name}: ${id},0`)));
  }

  private subscribe(id: number, name: string, values: string[]): void {
    const { modem, broker } = this;
    const client = this.clients[id]!;
    const msgid = Number(values[1]);
    if (client.state !== 3) {
      modem.answer([], "+CME ERROR: 8503");
      return;
    }
    const topics = values.slice(2);
    const arrive = (): string => {
      if (name === "QMTUNS") {
        broker.unsubscribe(id, topics);
        return "";
      }
      const filters: [string, number][] = [];
      for (let i = 0; i < topics.length; i += 2) filters.push([topics[i]!, Number(topics[i + 1])]);
      return `,${broker.subscribe(id, filters).join()}`;
    };
    const { era } = client;
    client.flight.add(`${name},${msgid}`);
    modem.answer([], "OK", () => {
      if (era === client.era) this.send(id, name, msgid, this.fate(name), arrive);
    });
  }

  private publish(id: number, values: string[]): void {
    const { modem, broker } = this;
    const client = this.clients[id]!;
    const [, msgid, qos, retain] = values.map(Number) as [number, number, number, number];
    const topic = values[4]!;
    const size = values[5] === undefined ? undefined : Number(values[5]);
    if (client.state !== 3 || this.flights(id, "QMTPUB") >= WINDOW || (size !== undefined && !modem.firmware.lengths)) {
      modem.answer([], client.state !== 3 ? "+CME ERROR: 8503" : size === undefined ? "+CME ERROR: 8512" : "ERROR");
      return;
    }
    modem.ask(`\r\n${modem.firmware.prompt}`, {
      size,
      echoed: true,
      taken: (data) => {
        const fate = qos ? this.fate("QMTPUB") : GOOD;
        const arrive = (): string => {
          broker.publish({ client: id, topic, payload: data, qos, retain, at: modem.time.now() });
          if (this.loop)
            modem.later(modem.draw.between(...modem.delays.roundTrip) / 2, () => this.arrived(id, topic, data));
          return "";
        };
        // The connection has gone while the data came.
        if (client.state !== 3) {
          modem.answer([], "+CME ERROR: 8503");
          return;
        }
        const { era } = client;
        if (qos) client.flight.add(`QMTPUB,${msgid}`);
        modem.answer([], "OK", () => {
          if (era === client.era) this.send(id, "QMTPUB", msgid, fate, arrive, !qos);
        });
      },
    });
  }

  /** A packet goes out, once or more often, until it is acknowledged or given up. */
  private send(id: number, name: string, msgid: number, fate: Fate, arrive: () => string, atOnce = false): void {
    const { modem } = this;
    const client = this.clients[id]!;
    const { era } = client;
    const [wait, retries, notice] = client.timeout as [number, number, number];
    const lost = Math.min(fate.lost, fate.failed ? retries + 1 : retries);
    let values: string | undefined;
    const alive = (): boolean => era === client.era;
    const verdict = (result: number, more: string): void => {
      client.flight.delete(`${name},${msgid}`);
      if (fate.mute) client.muted.add(`${name},${msgid}`);
      if (fate.mute || result) this.onUnheard(id, name);
      if (fate.mute) return;
      modem.result(`+${name}: ${id},${msgid},${result}${more}`, () => this.onLife(id));
    };
    const attempt = (n: number): void => {
      if (!alive()) return;
      if (n > retries) {
        verdict(2, "");
        return;
      }
      if (n && notice) modem.result(`+${name}: ${id},${msgid},1,${n}`, () => this.onLife(id));
      const trip = modem.draw.between(...modem.delays.roundTrip);
      const gone = n < lost;
      if (!gone || (fate.arrived && !fate.failed))
        modem.later(trip / 2, () => {
          if (alive()) values ??= arrive();
        });
      if (gone) modem.later(wait * 1000, () => attempt(n + 1));
      else
        modem.later(trip, () => {
          if (alive()) verdict(0, values!);
        });
    };
    if (!atOnce) {
      attempt(0);
      return;
    }
    // QoS 0: told as soon as it is sent.
    modem.later(modem.draw.between(20, 80), () => {
      if (alive()) verdict(0, "");
    });
    modem.later(modem.draw.between(...modem.delays.roundTrip) / 2, () => {
      if (alive()) arrive();
    });
  }

  /** A message has got to the broker. False: the client is not subscribed to it. */
  arrived(id: number, topic: string, payload: string, most = 1): boolean {
    for (const [filter, qos] of this.broker.sessions[id]!.filters)
      if (matches(filter, topic)) return this.inbound(id, topic, payload, Math.min(qos, most));
    return false;
  }
}
