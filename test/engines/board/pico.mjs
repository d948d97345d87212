// A Raspberry Pi Pico in the emulator `rp2040js`, with Espruino's own firmware: its console (USB), its flash, its pins and one UART, all on
// one clock with whatever else is put on it. It knows no modem, and looks for no files.

import { readFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createSetupPacket, DataDirection, FIFO, RP2040, SetupRecipient, SetupType, USBCDC } from "rp2040js";

// The package exports no clock but that of its simulator, which runs in real time.
const { SimulationClock } = await import(new URL("clock/simulation-clock.js", import.meta.resolve("rp2040js")));

const NANOS_PER_MS = 1e6;
/** Of one cycle at 125 MHz. */
const NANOS_PER_CYCLE = 8;
/** Where flash is read. */
const XIP = 0x10000000;
/** High while a USB cable is in; otherwise the console goes to Serial1. */
const VBUS = 24;
/** Where the second-stage boot loader triggers the reset of everything. */
const WATCHDOG = 0x40058;
/** Rates of UARTs. */
const RATES = [1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200];
/** How long the machine runs before whoever waits is asked again, ms. */
const SLICE = 0.1;
/** Breakpoints in place of the boot ROM's functions that write to flash. */
const BREAKPOINT = 0x80;

export class Pico {
  /** Whether it has reset itself, which ends its life here. */
  reset = false;
  /** Called with what the console prints, as binary strings. */
  onOutput = () => {};
  #mcu;
  #nanos;
  #usb;

  /**
   * @param {string} firmware a raw image, as it stands in flash
   * @param {string} bootrom
   */
  constructor(firmware, bootrom) {
    this.#nanos = new SimulationClock();
    const mcu = new RP2040(this.#nanos);
    this.#mcu = mcu;
    // What the emulator has no registers for, the firmware does without.
    mcu.logger = { debug() {}, info() {}, warn() {}, error() {} };
    const rom = readFileSync(bootrom);
    mcu.loadBootrom(new Uint32Array(rom.buffer, rom.byteOffset, rom.length / 4));
    mcu.flash.set(readFileSync(firmware));
    mcu.peripherals[WATCHDOG].onWatchdogTrigger = () => {
      this.reset = true;
    };
    this.#writeFlash();
    this.#connectUsb();
    mcu.gpio[VBUS].setInputValue(true);
    mcu.core.PC = XIP;
  }

  /** The clock that everything here runs by, in the shape of the driver's port. */
  get clock() {
    const nanos = this.#nanos;
    return {
      now: () => nanos.nanos / NANOS_PER_MS,
      after(ms, fn) {
        const alarm = nanos.createAlarm(fn);
        alarm.schedule(Math.max(0, ms) * NANOS_PER_MS);
        return alarm;
      },
      cancel: (alarm) => alarm?.cancel(),
    };
  }

  /** The emulator has no flash chip to write to: the boot ROM's functions that do become breakpoints, and are done here. */
  #writeFlash() {
    const mcu = this.#mcu;
    const { flash } = mcu;
    const rom = new DataView(mcu.bootrom.buffer);
    const functions = {
      RE: ([offset, count]) => flash.fill(0xff, offset, offset + count),
      RP([offset, from, count]) {
        for (let i = 0; i < count; i++) flash[offset + i] &= mcu.readUint8(from + i);
      },
    };
    const table = rom.getUint16(0x14, true);
    const addressOf = (name) => {
      const code = name.charCodeAt(0) | (name.charCodeAt(1) << 8);
      for (let at = table; rom.getUint16(at, true); at += 4)
        if (rom.getUint16(at, true) === code) return rom.getUint16(at + 2, true) & ~1;
      throw new Error(`the boot ROM has no ${name}`);
    };
    for (const [i, name] of Object.keys(functions).entries()) {
      rom.setUint16(addressOf(name), 0xbe00 | (BREAKPOINT + i), true); // bkpt
      rom.setUint16(addressOf(name) + 2, 0x4770, true); // bx lr
    }
    mcu.onBreak = (code) => {
      const run = Object.values(functions)[code - BREAKPOINT];
      if (!run) throw new Error(`the firmware stopped at 0x${mcu.core.PC.toString(16)}`);
      run(mcu.core.registers);
    };
  }

  #connectUsb() {
    const { usbCtrl } = this.#mcu;
    const cdc = new USBCDC(usbCtrl);
    cdc.txFIFO = new FIFO(65536); // its own has 512
    cdc.onSerialData = (data) => this.onOutput(Buffer.from(data).toString("latin1"));
    cdc.onDeviceConnected = () => {
      this.isConnected = true;
    };
    // It answers a read with an empty packet when there is nothing to send, every 10 µs; a computer does not.
    const answer = usbCtrl.onEndpointRead;
    let waiting;
    usbCtrl.onEndpointRead = (endpoint, size) => {
      if (endpoint !== 0 && !cdc.txFIFO.itemCount) waiting = [endpoint, size];
      else answer(endpoint, size);
    };
    this.#usb = { cdc, usbCtrl };
    this.#usb.wake = () => {
      const asked = waiting;
      waiting = undefined;
      if (asked) answer(...asked);
    };
  }

  /** Types on the console. */
  send(text) {
    for (const byte of Buffer.from(text, "latin1")) this.#usb.cdc.sendSerialByte(byte);
    this.#usb.wake();
  }

  /** Opens or closes the console at the computer: Espruino sleeps only while it is closed, and sleep costs nothing here. */
  open(isOpen) {
    const packet = createSetupPacket({
      dataDirection: DataDirection.HostToDevice,
      type: SetupType.Class,
      recipient: SetupRecipient.Device,
      bRequest: 0x22, // SET_CONTROL_LINE_STATE
      wValue: isOpen ? 3 : 0,
      wIndex: 0,
      wLength: 0,
    });
    this.#usb.usbCtrl.sendSetupPacket(packet);
    this.run(10);
  }

  /** Called with the level of a pin whenever it is driven to another one. */
  watch(pin, listener) {
    let last;
    this.#mcu.gpio[pin].addListener(() => {
      const level = this.#mcu.gpio[pin].value === 1 ? 1 : 0;
      if (level !== last) listener(level);
      last = level;
    });
  }

  /** Drives an input. */
  drive(pin, level) {
    this.#mcu.gpio[pin].setInputValue(level === 1);
  }

  /**
   * Joins a UART to something.
   * @param {(byte: string, baud: number) => void} onByte what the firmware sends, and its rate
   * @returns {(data: string) => void} sends to the firmware, at the rate of the line; what does not fit into its FIFO is lost
   */
  line(index, onByte) {
    const uart = this.#mcu.uart[index];
    // The divider makes 9,601 of 9,600.
    const rate = () => RATES.find((one) => Math.abs(uart.baudRate / one - 1) < 0.02) ?? uart.baudRate;
    uart.onByte = (byte) => onByte(String.fromCharCode(byte), rate());
    const queue = [];
    const next = () => alarm.schedule((10 / uart.baudRate) * 1000 * NANOS_PER_MS);
    const alarm = this.#nanos.createAlarm(() => {
      uart.feedByte(queue.shift());
      if (queue.length) next();
    });
    return (data) => {
      const isIdle = queue.length === 0;
      queue.push(...Buffer.from(data, "latin1"));
      if (isIdle && queue.length) next();
    };
  }

  /** Runs for so many ms, or until it holds. @returns whether it came to hold */
  run(ms, until = () => false) {
    const clock = this.#nanos;
    const { core } = this.#mcu;
    const end = clock.nanos + ms * NANOS_PER_MS;
    while (clock.nanos < end) {
      const slice = Math.min(clock.nanos + SLICE * NANOS_PER_MS, end);
      while (clock.nanos < slice) {
        if (core.waiting) clock.tick(Math.min(clock.nanosToNextAlarm || Number.POSITIVE_INFINITY, slice - clock.nanos));
        else clock.tick(core.executeInstruction() * NANOS_PER_CYCLE);
      }
      if (until()) return true;
    }
    return until();
  }

  /** Runs for as long as somebody works with it, such as a program that waits for answers of the console. */
  async during(work) {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => {});
    while (!isDone) {
      this.run(1);
      await nextTurn();
    }
    return done;
  }
}
