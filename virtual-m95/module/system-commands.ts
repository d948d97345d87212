// Terminal, profile, identity and power commands: ATE, ATV, CMEE, IPR, &W, ATI, GSN, CFUN, QPOWD. Sleep is in sleep.ts.

import type { CommandTable, Handler, Terminal } from "../at/interpreter.js";
import { baudRates, type SerialLine } from "../at/serial-line.js";
import type { Device } from "../device.js";

/** What AT&W keeps over a power cycle. */
export interface Profile {
  terminal: Terminal;
  baud: number;
  /** AT+QIURC: 0 silences Call Ready and SMS Ready. */
  startUrcs: boolean;
}

export const factoryTerminal: Terminal = { echo: true, verbose: true, cmee: 0 };

export interface SystemHooks {
  terminal(): Terminal;
  line: SerialLine;
  saved: Profile;
  running: { startUrcs: boolean; flow: [number, number] };
  /** AT&W keeps the settings of sleep, too. */
  saveSleep(): void;
  /** AT+CFUN=0 and =1. */
  radio(on: boolean): void;
  radioOn(): boolean;
  /** AT+CFUN=1,1. */
  restart(): void;
  /** AT+QPOWD=1: log off; =0: off at once. */
  powerDown(urgent: boolean): void;
}

/** Line end, line feed and backspace, which nobody sets (V.250, 6.2.1 to 6.2.3). */
const registers: { [query: string]: string } = { "S3?": "013", "S4?": "010", "S5?": "008" };

export function systemCommands(device: Device, hooks: SystemHooks): CommandTable {
  const { options } = device;
  const manufacturer = "Quectel_Ltd";
  const model = "Quectel_M95";
  const revision = options.revision ?? "M95FAR02A08";
  const line =
    (...texts: string[]): Handler =>
    (call) =>
      call.info(...texts);
  const digit = (set: (value: number) => void, max: number): { exec: Handler } => ({
    exec: (_call, params) => set(params.count === 0 ? 0 : params.int(0, 0, max, "value")),
  });
  const save = (): void => {
    hooks.saved.terminal = { ...hooks.terminal() };
    hooks.saved.baud = hooks.line.fixed;
    hooks.saved.startUrcs = hooks.running.startUrcs;
    hooks.saveSleep();
  };
  const factory = (): void => {
    Object.assign(hooks.terminal(), factoryTerminal);
  };
  const identity = { manufacturer: line(manufacturer), model: line(model), revision: line(`Revision:${revision}`) };
  const imei = line(options.imei ?? "861234567890123");
  return {
    E: digit((value) => {
      hooks.terminal().echo = value === 1;
    }, 1),
    V: digit((value) => {
      hooks.terminal().verbose = value === 1;
    }, 1),
    S: { exec: (call, params) => call.info(registers[params.raw.toUpperCase()] ?? params.fail("no such register")) },
    I: { exec: line(manufacturer, model, `Revision:${revision}`) },
    "&F": { exec: factory },
    "&W": { exec: save },
    Z: { exec: () => Object.assign(hooks.terminal(), hooks.saved.terminal) },
    "+CMEE": {
      test: "+CMEE: (0-2)",
      read: (call) => call.info(`+CMEE: ${hooks.terminal().cmee}`),
      write: (_call, params) => {
        hooks.terminal().cmee = params.int(0, 0, 2, "<n>") as 0 | 1 | 2;
      },
    },
    "+IPR": {
      test: `+IPR: (${baudRates.filter((baud) => baud >= 4800).join(",")}),(${baudRates.join(",")})`,
      read: (call) => call.info(`+IPR: ${hooks.line.fixed}`),
      write: (_call, params) => {
        const baud = params.int(0, 0, 115_200, "<rate>");
        if (!baudRates.includes(baud)) params.fail(`<rate> ${baud} is not offered`);
        hooks.line.changeFixed(baud);
      },
    },
    "+IFC": {
      test: "+IFC: (0-2),(0-2)",
      read: (call) => call.info(`+IFC: ${hooks.running.flow.join(",")}`),
      write: (_call, params) => {
        hooks.running.flow = [params.int(0, 0, 2, "<dce_by_dte>"), params.int(1, 0, 2, "<dte_by_dce>")];
      },
    },
    "+QIURC": {
      test: "+QIURC: (0,1)",
      read: (call) => call.info(`+QIURC: ${hooks.running.startUrcs ? 1 : 0}`),
      write: (_call, params) => {
        hooks.running.startUrcs = params.int(0, 0, 1, "<mode>") === 1;
      },
    },
    "+CGMI": { exec: identity.manufacturer },
    "+GMI": { exec: identity.manufacturer },
    "+CGMM": { exec: identity.model },
    "+GMM": { exec: identity.model },
    "+CGMR": { exec: identity.revision },
    "+GMR": { exec: identity.revision },
    "+QGMR": { exec: identity.revision },
    "+GSN": { exec: imei },
    "+CGSN": { exec: imei },
    "+CBC": { exec: line("+CBC: 0,82,3955") },
    "+CFUN": {
      test: "+CFUN: (0,1,4),(0,1)",
      read: (call) => call.info(`+CFUN: ${hooks.radioOn() ? 1 : 0}`),
      write: (call, params) => {
        params.expect(1, 2);
        const fun = params.int(0, 0, 4, "<fun>");
        if (fun !== 0 && fun !== 1 && fun !== 4) params.fail(`<fun> ${fun} is not offered`);
        const reset = params.has(1) && params.int(1, 0, 1, "<rst>") === 1;
        call.ok();
        if (reset) hooks.restart();
        else hooks.radio(fun === 1);
      },
    },
    "+QPOWD": {
      write: (call, params) => {
        const normal = params.int(0, 0, 1, "<n>") === 1;
        call.final("");
        hooks.powerDown(!normal);
      },
    },
  };
}
