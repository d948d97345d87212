// The virtual M95: puts line, power, interpreter, SIM, cell, PDP context and MQTT clients together. Test hooks are here.

import { type CommandTable, Interpreter, type Terminal } from "./at/interpreter.js";
import { SerialLine } from "./at/serial-line.js";
import type { Device } from "./device.js";
import { EnergyMeter, restOf } from "./energy/meter.js";
import { Faults, type FaultTarget } from "./faults/index.js";
import { Bearer } from "./module/bearer.js";
import { CellNetwork, defaultSignal } from "./module/cell-network.js";
import { diagnosticCommands } from "./module/diagnostics.js";
import { Mishaps } from "./module/mishaps.js";
import { PdpContext } from "./module/pdp-context.js";
import { Power } from "./module/power.js";
import { SimCard } from "./module/sim-card.js";
import { Sleep } from "./module/sleep.js";
import { factoryTerminal, type Profile, systemCommands } from "./module/system-commands.js";
import { TlsStore } from "./module/tls-store.js";
import {
  defaultQuirks,
  defaultTiming,
  type Quirks,
  type Registration,
  type SendKind,
  type Timing,
  type TraceDirection,
  type Violation,
  type ViolationKind,
  type VirtualM95Options,
} from "./options.js";
import type { HostPins, HostUart } from "./ports.js";
import { QmtClient } from "./qmt/client.js";
import { qmtCommands } from "./qmt/commands.js";
import { limits } from "./qmt/limits.js";
import { Timers } from "./time/timers.js";

const violationLimit = 1000;
/** SIM ready to registered, ms, when the options say nothing. */
const defaultRegisterAfter = 3000;

/**
 * A Quectel M95 with its UART and pins, in software.
 *
 * Strings on the UART are binary: one character is one byte. Times are milliseconds of the clock it was given.
 */
export class VirtualM95 implements Device, FaultTarget {
  readonly uart: HostUart;
  readonly pins: HostPins;
  /** What it draws, and has drawn. */
  readonly energy: EnergyMeter;
  /** What the host did wrong, at most the first 1000. */
  readonly violations: Violation[] = [];
  /** See `VirtualM95Options.onSend`; may be set at any time. */
  onSend: VirtualM95Options["onSend"];
  /** Every byte on the wire passes here, `rx` to the modem and `tx` to the host; what is returned arrives. */
  onWire: ((data: string, direction: "rx" | "tx") => string) | undefined;
  /** Faults by name, see docs/virtual-m95.md. */
  readonly faults: Faults;
  /** What goes wrong inside of the module. */
  readonly mishaps: Mishaps;
  readonly options: VirtualM95Options;
  readonly quirks: Quirks;
  readonly timing: Timing;
  readonly timers: Timers;
  /** Timers of the world outside the module: they survive its resets. */
  readonly #world: Timers;
  readonly #line: SerialLine;
  readonly #power: Power;
  readonly #sleep: Sleep;
  readonly #interpreter: Interpreter;
  readonly #sim: SimCard;
  readonly #cell: CellNetwork;
  readonly #pdp: PdpContext;
  readonly #bearer: Bearer;
  readonly #tls: TlsStore;
  readonly #clients: QmtClient[] = [];
  readonly #saved: Profile;
  readonly #running = { startUrcs: true, flow: [0, 0] as [number, number] };
  /** The UART works: the boot has come that far. */
  #uartReady = false;
  #radioOn = true;
  #hung = false;
  #hangTimer: unknown;
  #networkDown = false;

  constructor(options: VirtualM95Options) {
    this.options = options;
    this.quirks = { ...defaultQuirks, ...options.quirks };
    this.timing = { ...defaultTiming, ...options.timing };
    this.onSend = options.onSend;
    this.faults = new Faults(this);
    this.timers = new Timers(options.clock);
    this.#world = new Timers(options.clock);
    this.energy = new EnergyMeter(() => options.clock.now(), (options.signal ?? defaultSignal).rssi, options.energy);
    this.#saved = { terminal: { ...factoryTerminal }, baud: options.baud ?? 0, startUrcs: true };
    this.#line = new SerialLine(options, {
      listening: () => this.#uartReady && this.#power.alive && !this.#hung,
      busy: () => this.#interpreter.busy,
      incoming: (text) => this.#sleep.incoming(text),
      heard: (text, ms) => this.#sleep.heard(text, ms),
      onData: (data, startedBusy) => this.#interpreter.receive(data, startedBusy),
      toHost: (chunk) => {
        const bytes = this.#wire(chunk, "tx");
        if (bytes !== "") this.uart.onReceive(bytes);
      },
    });
    this.uart = {
      write: (data) => this.#fromHost(data),
      onReceive: () => {},
      setBaud: (baud) => {
        this.#line.hostBaud = baud;
      },
    };
    const on = options.poweredOn ?? false;
    const supply = on || !options.supplyOff;
    this.#power = new Power(this.#world, this.timing, this.#powerHooks(), { on, supply });
    this.pins = {
      pwrkey: { write: (level) => this.#power.pwrkey(level) },
      emergOff: { write: (level) => this.#power.emergOff(level) },
      supply: { write: (level) => this.#power.supply(level) },
      status: { read: () => this.#power.readStatus() },
      dtr: { write: (level) => this.#sleep.dtr(level) },
      ri: {
        read: () => this.#sleep.ri,
        watch: (fell) => {
          this.#sleep.onRing = fell;
        },
      },
    };
    this.#sleep = new Sleep(this, {
      running: () => this.#uartReady && this.#power.alive,
      busy: () => !this.#interpreter.idle || this.#line.sending || this.energy.radioBusy,
      print: (text) => this.#interpreter.urc(text),
      changed: () => this.#drawsNow(),
    });
    this.#sim = new SimCard(this, {
      ready: () => this.#cell.start(options.registerAfter ?? defaultRegisterAfter),
      gone: () => this.#cell.stop(),
      reset: () => this.reboot(),
      startUrcs: () => this.#running.startUrcs,
    });
    this.#cell = new CellNetwork(this, this.#sim, () => this.#updateBearer());
    this.#pdp = new PdpContext(this, this.#cell, () => this.#connectionsLost());
    this.#bearer = new Bearer(options.network, this.energy, (fn) => this.timers.after(this.timing.result, fn));
    this.#tls = new TlsStore(this, {
      blocked: () => this.quirks.sslcfgFailsInPdpDeact && this.#pdp.deactivatedByNetwork,
      time: () => this.#cell.utc,
    });
    for (let id = limits.tcpconnectID.min; id <= limits.tcpconnectID.max; id++) {
      this.#clients.push(
        new QmtClient(id, this, this.#bearer, this.#pdp, {
          tls: (context, host) => this.#tls.setup(context, host),
          openFailure: () => this.mishaps.takeOpenFailure(),
        }),
      );
    }
    this.mishaps = new Mishaps(this.#sim, this.#cell, this.#clients);
    this.#interpreter = new Interpreter(this.timers, this.quirks, this.#savedTerminal(), {
      send: (text, kind) => this.#send(text, kind),
      violation: (kind, detail) => this.violation(kind, detail),
      table: this.#table(),
      commandTime: this.timing.command,
      forcedError: (name) => this.mishaps.takeRefusal(name),
    });
    if (on) this.#alreadyRunning();
  }

  /** STATUS is high. */
  get running(): boolean {
    return this.#power.status === 1;
  }

  /** Asleep: deaf until DTR goes low (AT+QSCLK=1) or bytes come (AT+QSCLK=2). */
  get asleep(): boolean {
    return this.#sleep.asleep;
  }

  /** Raw bytes out of the modem, as noise or a broken line would look like. */
  inject(raw: string): void {
    this.#line.send(raw);
  }

  /** A URC, framed with CR LF; waits while a prompt is open. */
  urc(text: string): void {
    if (!this.#uartReady || this.#power.status === 0) return;
    if (this.#sleep.passes(text)) this.#interpreter.urc(text);
  }

  /** Unexpected reset: everything in RAM is gone, the module boots again; STATUS stays high. */
  reboot(): void {
    if (!this.#power.alive) return;
    this.trace("pin", "reboot");
    this.#forget();
    this.#boot();
  }

  /** VBAT sags below 3.3 V: the module says so and switches itself off. */
  brownOut(): void {
    this.voltage("UNDER_VOLTAGE POWER DOWN");
  }

  /** VBAT leaves its window: a warning, or the module's last words. */
  voltage(text: `${"UNDER" | "OVER"}_VOLTAGE ${"WARNING" | "POWER DOWN"}`): void {
    if (!this.#power.alive) return;
    this.urc(this.quirks.voltageBlank ? `${text} ` : text);
    if (text.endsWith("POWER DOWN")) this.#world.after(this.#line.pendingTime, () => this.#power.cut());
  }

  /** Text as the module frames it, for interceptors that add a line. */
  frame(text: string): string {
    return this.#interpreter.frame(text);
  }

  /** Firmware crash: deaf and mute for `ms`, or until the power goes or `unhang()`. */
  hang(ms?: number): void {
    if (!this.running) return;
    this.#hung = true;
    this.trace("pin", "hung");
    this.#line.clear();
    this.#updateBearer();
    this.#world.cancel(this.#hangTimer);
    if (ms !== undefined) this.#hangTimer = this.#world.after(ms, () => this.unhang());
  }

  unhang(): void {
    this.#world.cancel(this.#hangTimer);
    this.#hung = false;
    this.#updateBearer();
  }

  /** The network takes the PDP context away: `+PDP DEACT`, connections die. */
  dropPdp(): void {
    this.#pdp.drop();
  }

  /** `rssi` 0–31 or 99, `ber` 0–7 or 99, as AT+CSQ prints them. */
  setSignal(rssi: number, ber: number): void {
    this.#cell.setSignal(rssi, ber);
  }

  /** Registration in the circuit-switched and the GPRS network, now and after the next search. */
  setRegistration(creg: Registration, cgreg: Registration = creg): void {
    this.#cell.setRegistration(creg, cgreg);
  }

  removeSim(): void {
    this.#sim.remove();
  }

  insertSim(): void {
    this.#sim.insert();
    if (this.#uartReady) this.#sim.start();
  }

  /** Packets stop flowing, or flow again; nothing else changes. */
  networkDown(down: boolean): void {
    this.#networkDown = down;
    this.trace("net", down ? "down" : "up");
    this.#updateBearer();
  }

  /** The modem closes a client and reports `+QMTSTAT: tcpconnectID,code` (table 2). */
  dropLink(tcpconnectID: number, code: number): void {
    this.#clients[tcpconnectID]?.drop(code);
  }

  /** The broker's side closes every connection. */
  resetConnections(): void {
    this.#bearer.resetAll();
  }

  /** New connections are refused, or accepted again. */
  brokerDown(down: boolean): void {
    this.#bearer.unreachable = down;
  }

  /** The next `count` CONNECTs that the broker accepts end with return code 1–5 instead, and the connection closes. */
  refuseConnect(code: number, count = 1, done: () => void = () => {}): void {
    this.#bearer.refuse(code, count, done);
  }

  /** The next `name` (such as "+QMTPUB") fails with this CME error. */
  failNext(name: string, code: number): void {
    this.mishaps.failNext(name, code);
  }

  /** Ends sockets and timers for good. */
  dispose(): void {
    this.#forget();
    this.#world.cancelAll();
    this.#line.dispose();
    this.faults.dispose();
    this.uart.onReceive = () => {};
  }

  violation(kind: ViolationKind, detail: string): void {
    if (this.options.tolerate?.includes(kind) || this.violations.length >= violationLimit) return;
    this.violations.push({ at: this.options.clock.now(), kind, detail });
    this.trace("pin", `VIOLATION ${kind}: ${detail}`);
  }

  trace(direction: TraceDirection, text: string): void {
    this.options.trace?.(direction, text);
  }

  #powerHooks(): ConstructorParameters<typeof Power>[2] {
    return {
      started: () => {
        this.#forget();
        this.#boot();
      },
      leaving: () => this.energy.signalling(this.timing.logOff),
      farewell: () => {
        this.urc("NORMAL POWER DOWN");
        return this.#line.pendingTime;
      },
      stopped: () => {
        this.unhang();
        this.#forget();
      },
      hung: () => this.#hung,
      violation: (kind, detail) => this.violation(kind, detail),
      trace: (text) => this.trace("pin", text),
    };
  }

  #table(): CommandTable {
    return {
      ...systemCommands(this, {
        terminal: () => this.#interpreter.terminal,
        line: this.#line,
        saved: this.#saved,
        saveSleep: () => this.#sleep.save(),
        running: this.#running,
        radio: (on) => this.#radio(on),
        radioOn: () => this.#radioOn,
        restart: () => this.#world.after(this.#line.pendingTime, () => this.reboot()),
        powerDown: (urgent) => (urgent ? this.#power.cut() : this.#power.logOff()),
      }),
      ...this.#sleep.commands(),
      ...this.#sim.commands(),
      ...this.#cell.commands(),
      ...this.#pdp.commands(),
      ...diagnosticCommands(this, { cell: this.#cell, pdp: this.#pdp, bearer: this.#bearer }),
      ...this.#tls.commands(),
      ...qmtCommands(this, this.#clients),
    };
  }

  #fromHost(data: string): void {
    this.trace("rx", data);
    if (!this.#power.alive) {
      this.violation(
        "sent-while-off",
        `${data.length} bytes to a module that is off: ${JSON.stringify(data.slice(0, 40))}`,
      );
    }
    this.#line.write(this.#wire(data, "rx"));
  }

  #wire(data: string, direction: "rx" | "tx"): string {
    const bytes = this.faults.wire(data, direction);
    return this.onWire ? this.onWire(bytes, direction) : bytes;
  }

  #send(text: string, kind: SendKind): void {
    // While autobaud has not synchronised nothing is printed.
    if (this.#hung || this.#line.rate === 0) return;
    for (const faulty of this.faults.send(text, kind)) {
      const pieces = this.onSend ? this.onSend(faulty, kind) : faulty;
      for (const piece of typeof pieces === "string" ? [pieces] : (pieces ?? [])) {
        this.trace("tx", piece);
        this.#line.send(piece);
        this.#sleep.activity();
      }
    }
  }

  #savedTerminal(): Terminal {
    return { ...this.#saved.terminal };
  }

  /** Everything in RAM is gone. */
  #forget(): void {
    this.#uartReady = false;
    this.faults.reset();
    this.timers.cancelAll();
    this.#line.clear();
    for (const client of this.#clients) client.vanish();
    this.#bearer.destroyAll();
    this.#sim.reset();
    this.#cell.reset();
    this.#pdp.reset();
    this.#tls.reset();
    this.#radioOn = true;
    this.#running.startUrcs = this.#saved.startUrcs;
    this.#sleep.reset();
    this.#interpreter.reset(this.#savedTerminal());
    this.#updateBearer();
  }

  /** From STATUS high to the start-up URCs (facts sheet 3). */
  #boot(): void {
    const { uartAfter, statusAfter, cfunUrc, cpinUrc } = this.timing;
    this.#line.restart(this.#saved.baud);
    this.timers.after(uartAfter - statusAfter, () => {
      this.#uartReady = true;
      this.#drawsNow();
      this.urc("RDY");
      this.timers.after(cfunUrc, () => this.urc("+CFUN: 1"));
      this.timers.after(cpinUrc, () => this.#sim.start());
    });
  }

  #alreadyRunning(): void {
    this.#line.restart(this.#saved.baud, true);
    this.#uartReady = true;
    this.#sim.startReady();
    if (this.#sim.ready) this.#cell.start(this.options.registerAfter ?? 0);
    this.#sleep.leftAsleep();
  }

  #radio(on: boolean): void {
    if (on === this.#radioOn) return;
    this.#radioOn = on;
    if (on) {
      this.#sim.start();
      return;
    }
    this.#sim.stop();
    this.#cell.stop();
    this.#pdp.drop();
  }

  #updateBearer(): void {
    this.#bearer.up = !this.#networkDown && !this.#hung && this.#cell.attached && this.running;
    this.#drawsNow();
  }

  #drawsNow(): void {
    this.energy.become(restOf(this.running, this.#uartReady, this.#sleep.asleep, this.#cell.searching));
  }

  #connectionsLost(): void {
    for (const client of this.#clients) client.contextLost();
    this.#bearer.destroyAll();
  }
}
