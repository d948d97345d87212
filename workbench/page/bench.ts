// What lies on the workbench: one line to a modem, virtual or real, the driver on it, and the recording of both. No elements
// of the page.

import { powerSwitch } from "../../board-wiring/index.js";
import { type Key, type Port, pinKey } from "../../doctor/conversation.js";
import {
  type ConnectOptions,
  M95,
  type M95Options,
  type MqttClient,
  openSerial,
  type SerialPortLike,
  webClock,
} from "../../targets/web/index.js";
import { type Entry, MARK, parseTrace, VERSION } from "../../trace/format.js";
import { Recorder } from "../../trace/recorder.js";
import { MemoryBroker } from "../../virtual-m95/broker/memory-broker.js";
import { VirtualM95 } from "../../virtual-m95/virtual-m95.js";
import { equip } from "./globals.js";

/** Lines of a recording that are kept. */
const KEPT = 20_000;

interface Serial extends EventTarget {
  requestPort(): Promise<SerialPortLike>;
}

/** Web Serial has no types yet. */
export const serial = (navigator as { serial?: Serial }).serial;

export class Bench extends EventTarget {
  readonly clock = webClock;
  line: Port | undefined;
  /** Rate at which the line was opened. */
  baud = 115_200;
  virtual: VirtualM95 | undefined;
  broker: MemoryBroker | undefined;
  /** A board whose own driver is looked at; then there is no line. */
  board = false;
  modem: M95 | undefined;
  client: MqttClient | undefined;
  /** What is recorded is kept. */
  recording = true;
  #lines: string[] = [];
  #close: () => Promise<void> = async () => {};

  /** A modem in the page, switched on and registered, with a broker in memory. */
  async useVirtual(): Promise<void> {
    await this.letGo();
    equip();
    const { clock } = this;
    this.broker = new MemoryBroker({ clock, latency: 60 });
    this.virtual = new VirtualM95({
      clock,
      network: this.broker.network,
      poweredOn: true,
      hostBaud: 0,
      protocolVersion: 4,
      // In a page, timers of less than four milliseconds are no shorter than that: bytes are not paced.
      paceUart: false,
      networkTime: `${new Date().toISOString().slice(2, 10).replaceAll("-", "/")},${new Date().toISOString().slice(11, 19)}+00`,
    });
    const { virtual } = this;
    const line: Port = {
      write: (data) => virtual.uart.write(data),
      onReceive: () => {},
      setBaud: () => {},
      dtr: (level) => virtual.pins.dtr.write(level),
    };
    // A step later, as from a wire.
    virtual.uart.onReceive = (chunk) => void clock.after(0, () => line.onReceive(chunk));
    virtual.pins.dtr.write(0);
    this.line = line;
    this.#close = async () => virtual.dispose();
    this.#changed();
  }

  /** A modem on an adapter; to be called from a click. */
  async useSerial(baud: number): Promise<void> {
    const port = await serial!.requestPort();
    await this.letGo();
    const uart = await openSerial(port, baud);
    uart.dtr(0);
    this.baud = baud;
    this.line = uart;
    this.#close = () => uart.close();
    this.#changed();
  }

  /** A board that tells of its modem itself. @param close what lets it go */
  async useBoard(close: () => Promise<void>): Promise<void> {
    await this.letGo();
    this.board = true;
    this.#close = close;
    this.#begin();
    this.note({ t: 0, trace: MARK, version: VERSION, options: {}, date: new Date().toISOString() });
    this.#changed();
  }

  async letGo(): Promise<void> {
    await this.stop();
    const close = this.#close;
    // A board that is let go tells so, which ends here once more.
    this.#close = async () => {};
    await close();
    this.line = this.virtual = this.broker = this.modem = this.client = undefined;
    this.board = false;
    this.#changed();
  }

  /** A driver on the line, which brings the modem up. */
  start(options: Omit<M95Options, "uart">): M95 {
    const { line } = this;
    if (!line) throw new Error("There is no modem: choose one first.");
    const recorder = this.recorder();
    const uart = { write: (data: string) => line.write(data), onReceive: (_chunk: string) => {} };
    line.onReceive = (chunk) => uart.onReceive(chunk);
    const modem = new M95({ ...options, ...this.#power(recorder), uart, trace: recorder });
    this.modem = modem;
    this.client = undefined;
    this.#changed();
    return modem;
  }

  async stop(): Promise<void> {
    const { modem } = this;
    if (!modem || modem.state === "off" || modem.state === "failed") return;
    await new Promise<void>((resolve) => modem.stop(() => resolve()));
  }

  /** What presses the virtual modem's key. */
  get key(): Key | undefined {
    const { virtual, clock } = this;
    return virtual && pinKey(virtual.pins, clock);
  }

  connect(options: ConnectOptions): MqttClient {
    const { modem } = this;
    if (this.board) throw new Error("A board has this modem: its own application is the client.");
    if (!modem) throw new Error("Start the modem first.");
    this.client = modem.connect(options);
    this.#changed();
    return this.client;
  }

  /** A recorder whose lines are kept here; pages hear of each entry. */
  recorder(): Recorder {
    this.#begin();
    return new Recorder((text) => this.#keep(text, JSON.parse(text)));
  }

  /** Keeps an entry that a board has told. */
  note(entry: Entry): void {
    this.#keep(JSON.stringify(entry), entry);
  }

  #begin(): void {
    this.#lines = [];
    this.dispatchEvent(new Event("begun"));
  }

  #keep(text: string, entry: Entry): void {
    if (this.recording) {
      // The head stays.
      if (this.#lines.length >= KEPT) this.#lines.splice(1, KEPT / 10);
      this.#lines.push(text);
    }
    this.dispatchEvent(new CustomEvent<Entry>("entry", { detail: entry }));
  }

  /** The recording as a file has it. */
  get trace(): string {
    return this.#lines.length === 0 ? "" : `${this.#lines.join("\n")}\n`;
  }

  get entries(): Entry[] {
    return this.#lines.length === 0 ? [] : parseTrace(this.trace);
  }

  /** The virtual modem's key and EMERG_OFF. Its supply stays on, for the check-up. */
  #power(recorder: Recorder): Pick<M95Options, "power"> {
    if (!this.virtual) return {};
    const { pwrkey, emergOff, status } = this.virtual.pins;
    return { power: powerSwitch(recorder.pins({ pwrkey, emergOff, status }), this.clock) };
  }

  #changed(): void {
    this.dispatchEvent(new Event("changed"));
  }
}
