// What the host holds of the modem: the UART and the pins. Levels are as the MCU sees them, a transistor inverts PWRKEY and
// EMERG_OFF. Types only.

import type { Level } from "./module/power.js";

/** Host side of the UART; the host assigns `onReceive`. */
export interface HostUart {
  write(data: string): void;
  onReceive: (chunk: string) => void;
  setBaud(baud: number): void;
}

/** Host side of the pins. */
export interface HostPins {
  /** 1 presses the key. */
  pwrkey: { write(level: Level): void };
  /** 1 asserts EMERG_OFF. */
  emergOff: { write(level: Level): void };
  /** 1 powers VBAT. */
  supply: { write(level: Level): void };
  /** 1 while the module runs. */
  status: { read(): Level };
  /** 0 (low) keeps the module awake; matters with AT+QSCLK=1. */
  dtr: { write(level: Level): void };
  /** High at rest, low for a moment with each URC (AT+QRIMODE). */
  ri: {
    read(): Level;
    /** Calls `fell` whenever it goes low; one listener. */
    watch(fell: () => void): void;
  };
}
