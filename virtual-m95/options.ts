// What a virtual M95 is made of: its options, quirks and timing with their defaults. It simulates nothing.

import type { EnergyOptions } from "./energy/facts.js";
import type { Network } from "./network/network.js";

/** Time source: `SimClock`, `ScaledClock` or anything of this shape. All times are milliseconds. */
export interface Clock {
  now(): number;
  after(ms: number, fn: () => void): unknown;
  cancel(handle: unknown): void;
}

/** What the host can do wrong. */
export const violationKinds = {
  busy: "Characters sent while a command was still executing",
  "sent-while-off": "Bytes sent to a module without power, switched off or logging off",
  parameter: "A parameter outside the note's range, missing, or one too many",
  "control-char": "A control character inside a quoted parameter",
  "data-without-prompt": "Text that is no command, or Ctrl+Z, outside a prompt",
  "payload-too-long": "More than 1548 bytes after the prompt (3.2.8): the surplus is dropped",
  "in-flight-window": "A sixth publish while five are in flight (3.2.8)",
  "duplicate-msgid": "A msgID that is still in flight",
  "pin-retry": "A PIN tried again after the SIM refused one",
  "pwrkey-pulse": "A press whose length has no sure meaning",
  "pwrkey-restart": "A press of a running module longer than the off press: off and on again",
  "pwrkey-gap": "A press less than 500 ms after STATUS fell",
  "pwrkey-early": "A press before VBAT was stable",
  "pwrkey-ignored": "A press while the module logs off or EMERG_OFF is asserted",
  "emergoff-pulse": "EMERG_OFF asserted for less than 20 ms",
  "dtr-high": "Bytes sent with DTR high while AT+QSCLK=1: the module may be asleep and deaf",
} as const;

export type ViolationKind = keyof typeof violationKinds;

export interface Violation {
  /** Clock time in ms. */
  at: number;
  kind: ViolationKind;
  detail: string;
}

export type SendKind = "line" | "echo" | "prompt" | "urc";
export type TraceDirection = "rx" | "tx" | "pin" | "net";
export type Registration = 0 | 1 | 2 | 3 | 4 | 5;

export interface SimOptions {
  /** `busy` becomes `ready` after `timing.simBusy`. */
  state?: "ready" | "pin" | "puk" | "absent" | "busy";
  pin?: string;
  pinTries?: number;
  /** Times that the module resets 300 ms after a PIN was taken, and asks for it again. */
  pinResets?: number;
  /** What AT+CPIN? says while `state` is `busy`: a CME error, default 14, or a text such as "NOT INSERTED". */
  busyAnswer?: number | string;
  imsi?: string;
  iccid?: string;
}

/** Behaviour on which sources disagree or firmware differs; docs/virtual-m95.md has the table. */
export interface Quirks {
  /** Form of +QMTRECV, facts sheet 7: 1 all quoted with blanks, 2 quoted topic, 3 no quotes, 4 all quoted. */
  recvShape: 1 | 2 | 3 | 4;
  /** `> ` instead of `>`. */
  promptBlank: boolean;
  /** AT+QCCID answers `+QCCID: …` instead of the bare number. */
  qccidPrefix: boolean;
  /** AT+QMTCLOSE is followed by `+QMTCLOSE: id,result` (3.2.3); false: only OK. */
  qmtcloseResult: boolean;
  /** AT+QMTDISC also yields `+QMTSTAT: id,5` (table 2), after its result. */
  statAfterDisc: boolean;
  /** The same, before the result. */
  statBeforeDiscResult: boolean;
  /** After AT+QMTDISC the tcpconnectID stays occupied until AT+QMTCLOSE. */
  occupiedAfterDisc: boolean;
  /** `+PDP DEACT` is followed by `+QMTSTAT: id,1` for each client. */
  statAfterPdpDeact: boolean;
  /** Packets given up one after another until the client is closed with +QMTSTAT 6; 0: never. */
  closeAfterFailures: number;
  /** Lines start with CR CR LF. */
  twoLeadingCrs: boolean;
  lineEnding: "\r\n" | "\n" | "\r";
  /** Longest command line in characters, 0 = no limit; longer ones get CME error 608. */
  lineLimit: number;
  /** QI… commands answer plain ERROR whatever AT+CMEE says. */
  cmePlainErrorForQI: boolean;
  smsReady: boolean;
  /** Later firmware: QMTCFG "SHOWRECVLEN" exists and QMTPUB takes a length. */
  showRecvLen: boolean;
  /** What ESC at the prompt prints. */
  escAnswer: "OK" | "";
  /** URCs that arrive while a prompt is open. */
  urcInPrompt: "hold" | "mix";
  /** Characters sent while a command executes: lost, or executed afterwards. */
  busyInput: "lose" | "buffer";
  /** The LF of a CR LF behind AT+QMTPUB becomes the first payload byte. */
  lfIntoPayload: boolean;
  /** The voltage URCs end in a blank. */
  voltageBlank: boolean;
  /** AT+QSSLCFG fails between `+PDP DEACT` and AT+QIDEACT. */
  sslcfgFailsInPdpDeact: boolean;
  /** AT+QSSLCFG also takes "secllevel", as the note's example 5.2 spells "seclevel". */
  secllevel: boolean;
  /** NVRAM takes files of any name; false: only CA0, CC0 and CK0. */
  nvramAnyName: boolean;
  /** AT+QSECREAD of a file that is not there answers `+QSECREAD: 0,0`; false: CME error 22. */
  secReadMissing: boolean;
  /** With seclevel 1 and 2 the broker's certificate must be for the name that was dialled. */
  tlsHostName: boolean;
  /** AT+QMTOPEN activates the PDP context by itself. */
  selfActivate: boolean;
  /** AT+QSCLK=2 exists: sleep after `timing.sleepIdle` without UART data, and the first bytes are thrown away. */
  qsclk2: boolean;
  /** A URC of a module asleep: printed at once, held until the host wakes the module, or lost. RI is pulled in any case. */
  urcAsleep: "print" | "hold" | "lose";
  /** The keepalive goes on while asleep; false: a PINGREQ that falls due waits until the module is awake. */
  pingAsleep: boolean;
  /** AT+CREG? and AT+CGREG? add the access technology to the place. */
  registrationTechnology: boolean;
  /** AT+QTRPIN exists. */
  pinTries: boolean;
  /** Bytes of an upload that one write of the host may have; the module loses the rest. 0: any number. */
  uploadBuffer: number;
}

export const defaultQuirks: Quirks = {
  recvShape: 2,
  promptBlank: false,
  qccidPrefix: false,
  qmtcloseResult: true,
  statAfterDisc: false,
  statBeforeDiscResult: false,
  occupiedAfterDisc: false,
  statAfterPdpDeact: true,
  closeAfterFailures: 1,
  twoLeadingCrs: false,
  lineEnding: "\r\n",
  lineLimit: 0,
  cmePlainErrorForQI: true,
  smsReady: true,
  showRecvLen: false,
  escAnswer: "OK",
  urcInPrompt: "hold",
  busyInput: "lose",
  lfIntoPayload: false,
  voltageBlank: true,
  sslcfgFailsInPdpDeact: true,
  secllevel: false,
  nvramAnyName: false,
  secReadMissing: false,
  tlsHostName: true,
  selfActivate: false,
  qsclk2: false,
  urcAsleep: "print",
  pingAsleep: true,
  registrationTechnology: false,
  pinTries: true,
  uploadBuffer: 0,
};

/** Durations in ms. Power figures: Hardware Design chapter 3; the rest is plausible, not measured. */
export interface Timing {
  /** VBAT on to the earliest press. */
  supplySettle: number;
  /** Press to STATUS high. */
  statusAfter: number;
  /** Shortest press that switches on without a look at STATUS. */
  onPulse: number;
  /** Press to the first command the UART hears. */
  uartAfter: number;
  /** Shortest and longest press that switches off. */
  offPulseMin: number;
  offPulseMax: number;
  /** Off press or AT+QPOWD=1 to NORMAL POWER DOWN; 2–12 s. */
  logOff: number;
  /** STATUS low to the next press. */
  pwrkeyGap: number;
  emergOff: number;
  /** RDY to +CFUN: 1, to +CPIN:, and from +CPIN: to Call Ready and SMS Ready. */
  cfunUrc: number;
  cpinUrc: number;
  callReady: number;
  smsReady: number;
  simBusy: number;
  /** CR to the answer of an ordinary command. */
  command: number;
  pinCheck: number;
  networkScan: number;
  attach: number;
  pdpActivate: number;
  pdpDeactivate: number;
  /** OK of AT+QISTAT to its STATE: line. */
  istat: number;
  /** Longest wait of AT+QMTOPEN (3.2.2). */
  open: number;
  /** Result of a QoS 0 publish, of AT+QMTCLOSE and AT+QMTDISC after their OK. */
  result: number;
  /** Time-out of AT+QSECWRITE when the command names none. */
  secWrite: number;
  /** AT+QSCLK=1: DTR high, radio and UART quiet, to sleep. */
  sleepAfter: number;
  /** AT+QSCLK=2: the same without DTR. */
  sleepIdle: number;
  /** DTR low (or the first byte with AT+QSCLK=2) to the first byte heard: 20 (hardware design) or 600 (UART note). */
  wake: number;
}

export const defaultTiming: Timing = {
  supplySettle: 30,
  statusAfter: 800,
  onPulse: 1000,
  uartAfter: 2500,
  offPulseMin: 600,
  offPulseMax: 1000,
  logOff: 3000,
  pwrkeyGap: 500,
  emergOff: 20,
  cfunUrc: 100,
  cpinUrc: 700,
  callReady: 2500,
  smsReady: 3000,
  simBusy: 4000,
  command: 5,
  pinCheck: 300,
  networkScan: 20_000,
  attach: 800,
  pdpActivate: 1500,
  pdpDeactivate: 600,
  istat: 30,
  open: 75_000,
  result: 20,
  secWrite: 100_000,
  sleepAfter: 1000,
  sleepIdle: 5000,
  wake: 20,
};

export interface VirtualM95Options {
  clock: Clock;
  network: Network;
  /** Supply on, module running, registered and synchronised at `baud` (or at the host's rate): no PWRKEY needed. */
  poweredOn?: boolean;
  /** No supply at the start. */
  supplyOff?: boolean;
  /** Rate saved in the module's profile in Bd; 0 = autobaud (default). */
  baud?: number;
  /** The host's rate at the start in Bd, default 115200; 0 = always the modem's, for hosts that have no rate. */
  hostBaud?: number;
  /** The `AT` that synchronises autobaud, default 2: the first is lost, the second answered. */
  syncAfter?: number;
  /** Bytes take their time on the wire, both ways. Default true. */
  paceUart?: boolean;
  /** How the modem's bytes are cut for `onReceive`: at most so many bytes (default 64), per line, or one by one. */
  chunk?: number | "line" | "byte";
  /** AT+QSCLK saved in the module's profile, default 0; with `poweredOn` and DTR high it is asleep at the start. */
  sleep?: 0 | 1 | 2;
  /** Level of DTR at the start; default 1, as when nobody drives it. */
  dtr?: 0 | 1;
  sim?: SimOptions;
  imei?: string;
  revision?: string;
  operator?: string;
  signal?: { rssi: number; ber: number };
  /** What the module draws, see energy/facts.ts. */
  energy?: EnergyOptions;
  /** What commands for people tell: VBAT in mV, AT+QLOCKF, the cause in AT+CEER (`1,3099`). */
  diagnostics?: { millivolts?: number; frequencyLock?: 0 | 1; cause?: string };
  /** SIM ready to registered, ms, default 3000; with `poweredOn` already registered unless given. */
  registerAfter?: number;
  /** Registration that is reached in the end, default 1. */
  creg?: Registration;
  cgreg?: Registration;
  /** What is found in a search, from so many ms after its begin on, instead of `registerAfter`; the last one stays. */
  search?: readonly (readonly [ms: number, creg: Registration, cgreg?: Registration])[];
  /** AT+CGATT? says 1, and packets flow, whatever AT+CGREG? says. */
  alwaysAttached?: boolean;
  /** APN, user and password the simulated network insists on; undefined accepts any. */
  apn?: string;
  apnUser?: string;
  apnPassword?: string;
  /** The module's clock at the start, `yy/MM/dd,hh:mm:ss+zz` (zz quarter hours); unset near 04/01/01. */
  clockTime?: string;
  /** The time that the network tells, same form; default: AT+QLTS shows the module's clock and nothing sets it. */
  networkTime?: string;
  /** 3 = MQTT 3.1 as in the note (default), 4 = MQTT 3.1.1. */
  protocolVersion?: 3 | 4;
  quirks?: Partial<Quirks>;
  timing?: Partial<Timing>;
  /** Violations not to record. */
  tolerate?: ViolationKind[];
  /** Every outgoing piece passes here: return it, another one, several, or null to drop it. */
  onSend?: (text: string, kind: SendKind) => string | string[] | null;
  trace?: (direction: TraceDirection, text: string) => void;
}
