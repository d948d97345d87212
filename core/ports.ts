// The ports a target supplies to the core: serial line, clock and power switch. Types only; it holds no code.

/**
 * One serial line. The unit of data is the binary string: one character is one byte, 0..255.
 * The driver sets the `on…` members once, in its constructor.
 */
export interface Uart {
  /** Queues bytes for sending, in order. What it throws is counted and told as `"error"`; a target that has to wait for room keeps its own bounded queue. */
  write(data: string): void;
  /** The driver's ear: call it with every chunk, in any sizes. */
  onReceive: (chunk: string) => void;
  /**
   * Call it when received bytes were lost (FIFO overflow, framing error). The driver counts it and resynchronises.
   * @param more - the gap is somewhere in what comes next: that is dropped too, until this is called once more without
   */
  onOverrun?: (more?: boolean) => void;
  /** Call it when the line is gone for good (port closed, adapter unplugged). */
  onClose?: () => void;
  /** Changes the rate of this side, in baud. Called after the modem has confirmed `AT+IPR`. */
  setBaud?(baud: number): void;
  /** Closes the port; `done`, where it is taken, is called when it is closed. */
  close?(done?: () => void): void;
}

/** What `Clock.after` returned. Opaque to the core. */
export type TimerHandle = unknown;

/** Time, in milliseconds. `now` need not be wall-clock time, but it never runs backwards. */
export interface Clock {
  /** ms since whenever. */
  now(): number;
  /** Calls `fn` in `ms`; what it returns is for `cancel`. */
  after(ms: number, fn: () => void): TimerHandle;
  /** Cancelling a timer that has fired does nothing. */
  cancel(handle: TimerHandle): void;
}

/** The end of an operation: no argument when it went well. */
export type Done = (error?: Error | null) => void;

/** Switches the modem's power. `board-wiring` makes one out of pins. */
export interface PowerSwitch {
  /** Ends without an error when the modem runs; running already is no error and presses no key. */
  on(done: Done): void;
  /** Ends without an error when the modem is off, being off already included. */
  off(done: Done): void;
  /** Stops a modem that does not listen any more: EMERG_OFF, or the supply where there is nothing else. */
  kill?(done: Done): void;
  /**
   * Takes the supply away, for long enough to reset a modem that not even `kill` brings back. Its own step of the recovery
   * ladder; leave it out where `kill` does that already.
   */
  cut?(done: Done): void;
  /** Whether the modem runs, `undefined` when there is no STATUS pin to ask. */
  isOn(): boolean | undefined;
  /** DTR, where it is wired: 1 lets the modem sleep, 0 wakes it and keeps it awake. */
  dtr?(level: 0 | 1): void;
  /** Set by a driver that sleeps: called when RI falls, where it is wired. */
  onRing?: (() => void) | undefined;
}
