// The control protocol: one text line, one answer, `ok …` or `error …`. It moves pins and plays mishaps, no AT commands.

import { visible } from "../../terminal/harmless.js";
import { energyRows } from "../energy/meter.js";
import { faultTable, faultUsage } from "../faults/index.js";
import type { Registration } from "../options.js";
import type { Replay } from "../replay/replay.js";
import type { VirtualM95 } from "../virtual-m95.js";

interface ControlCommand {
  usage: string;
  help: string;
  /** Fewest and most words behind the name; `text` takes the rest of the line as one. */
  words: [min: number, max: number] | "text";
  run(modem: VirtualM95, words: string[]): string | undefined | Promise<string>;
}

/** Every command of the control port; docs/virtual-m95.md shows the same table. */
export const controlCommands: Record<string, ControlCommand> = {
  pwrkey: pin("pwrkey", "press (1) or release (0) PWRKEY"),
  press: {
    usage: "press MS",
    help: "press PWRKEY for so many ms; answers when it is released",
    words: [1, 1],
    run: (modem, [text]) => {
      const ms = number(text, 1, 60_000);
      modem.pins.pwrkey.write(1);
      return new Promise((resolve) => {
        modem.options.clock.after(ms, () => {
          modem.pins.pwrkey.write(0);
          resolve("");
        });
      });
    },
  },
  wait: {
    usage: "wait MS",
    help: "answer after so many ms, for scripts",
    words: [1, 1],
    run: (modem, [ms]) => new Promise((resolve) => modem.options.clock.after(number(ms, 0, 1e9), () => resolve(""))),
  },
  emergoff: pin("emergOff", "assert (1) or release (0) EMERG_OFF"),
  supply: pin("supply", "switch VBAT on (1) or off (0)"),
  dtr: pin("dtr", "DTR low (0): awake; high (1): may sleep, with AT+QSCLK=1"),
  ri: { usage: "ri", help: "level of RI", words: [0, 0], run: (modem) => String(modem.pins.ri.read()) },
  asleep: { usage: "asleep", help: "1 while asleep", words: [0, 0], run: (modem) => (modem.asleep ? "1" : "0") },
  energy: {
    usage: "energy [reset]",
    help: "number of lines, then time and mAh by state; reset begins anew",
    words: [0, 1],
    run: (modem, [word]) => {
      if (word === undefined) {
        const rows = energyRows(modem.energy.report());
        return [rows.length, ...rows].join("\n");
      }
      choice(word, ["reset"]);
      modem.energy.reset();
      return undefined;
    },
  },
  status: { usage: "status", help: "level of STATUS", words: [0, 0], run: (modem) => String(modem.pins.status.read()) },
  reboot: simple("reset unexpectedly", (modem) => modem.reboot()),
  "brown-out": simple("UNDER_VOLTAGE POWER DOWN, then off", (modem) => modem.brownOut()),
  "drop-pdp": simple("the network takes the PDP context away", (modem) => modem.dropPdp()),
  "drop-link": {
    usage: "drop-link ID CODE",
    help: "close a client with +QMTSTAT: ID,CODE",
    words: [2, 2],
    run: (modem, [id, code]) => {
      modem.dropLink(number(id, 0, 5), number(code, 1, 255));
      return undefined;
    },
  },
  hang: {
    usage: "hang [MS]",
    help: "deaf and mute, for so many ms or until unhang",
    words: [0, 1],
    run: (modem, [ms]) => {
      modem.hang(ms === undefined ? undefined : number(ms, 1, 1e9));
      return undefined;
    },
  },
  unhang: simple("end hang", (modem) => modem.unhang()),
  network: {
    usage: "network up|down",
    help: "let packets flow or not",
    words: [1, 1],
    run: (modem, [word]) => {
      modem.networkDown(choice(word, ["up", "down"]) === "down");
      return undefined;
    },
  },
  registration: {
    usage: "registration CREG [CGREG]",
    help: "registration state 0-5",
    words: [1, 2],
    run: (modem, [creg, cgreg]) => {
      modem.setRegistration(number(creg, 0, 5) as Registration, number(cgreg ?? creg, 0, 5) as Registration);
      return undefined;
    },
  },
  signal: {
    usage: "signal RSSI BER",
    help: "what AT+CSQ prints",
    words: [2, 2],
    run: (modem, [rssi, ber]) => {
      modem.setSignal(number(rssi, 0, 99), number(ber, 0, 99));
      return undefined;
    },
  },
  sim: {
    usage: "sim insert|remove",
    help: "the SIM card",
    words: [1, 1],
    run: (modem, [word]) => {
      if (choice(word, ["insert", "remove"]) === "insert") modem.insertSim();
      else modem.removeSim();
      return undefined;
    },
  },
  fail: {
    usage: "fail NAME CODE",
    help: "the next command NAME (+QMTPUB) gets +CME ERROR: CODE",
    words: [2, 2],
    run: (modem, [name, code]) => {
      modem.failNext(name!, number(code, 0, 9999));
      return undefined;
    },
  },
  fault: {
    usage: "fault NAME [ARGUMENTS]",
    help: "start a fault by name; fault off ends them all",
    words: "text",
    run: (modem, [text]) => {
      if (text === "off") modem.faults.endAll();
      else modem.faults.start(text!);
      return undefined;
    },
  },
  faults: {
    usage: "faults",
    help: "number of lines, then every fault there is",
    words: [0, 0],
    run: () => {
      const rows = Object.entries(faultTable).map(([name, { help }]) => `${faultUsage(name).padEnd(34)}${help}`);
      return [rows.length, ...rows].join("\n");
    },
  },
  urc: {
    usage: "urc TEXT",
    help: "print a URC",
    words: "text",
    run: (modem, [text]) => {
      // The line to the host is made of bytes.
      modem.urc(Buffer.from(text!, "utf8").toString("latin1"));
      return undefined;
    },
  },
  violations: {
    usage: "violations",
    help: "number of protocol violations by the host, then one per line",
    words: [0, 0],
    run: ({ violations }) =>
      [
        violations.length,
        ...violations.map(({ at, kind, detail }) => `${Math.round(at)} ${kind} ${visible(detail)}`),
      ].join("\n"),
  },
  help: {
    usage: "help",
    help: "number of lines, then this list",
    words: [0, 0],
    run: () => {
      const rows = Object.values(controlCommands).map(({ usage, help }) => `${usage.padEnd(26)}${help}`);
      return [rows.length + 1, ...rows, `${"quit".padEnd(26)}end the program`].join("\n");
    },
  },
};

/** Those that need pins and time only, as a recording has them. */
const pinCommands = ["pwrkey", "press", "wait", "emergoff", "supply", "dtr", "status"];

/** The same for the modem's side of a trace: its pins, and nothing that would have to be simulated. */
export async function runReplayLine(modem: Replay, line: string): Promise<string> {
  const name = line.trim().split(/\s+/)[0]!;
  if (!pinCommands.includes(name)) return `error a recording has only ${pinCommands.join(", ")}`;
  return runControlLine({ pins: modem.pins, options: { clock: modem.clock } } as VirtualM95, line);
}

/** Executes one line (not `quit`, which ends the server) and returns the answer without its line end. */
export async function runControlLine(modem: VirtualM95, line: string): Promise<string> {
  const [name = "", ...words] = line.trim().split(/\s+/);
  const command = Object.hasOwn(controlCommands, name) ? controlCommands[name] : undefined;
  if (!command) return `error no command ${visible(name)}, try help`;
  const text = line.trim().slice(name.length).trim();
  const values = command.words === "text" ? (text === "" ? [] : [text]) : words;
  const [min, max] = command.words === "text" ? [1, 1] : command.words;
  if (values.length < min || values.length > max) return `error usage: ${command.usage}`;
  try {
    const answer = await command.run(modem, values);
    return answer ? `ok ${answer}` : "ok";
  } catch (error) {
    return `error ${visible((error as Error).message)}; usage: ${command.usage}`;
  }
}

function pin(name: "pwrkey" | "emergOff" | "supply" | "dtr", help: string): ControlCommand {
  return {
    usage: `${name.toLowerCase()} 0|1`,
    help,
    words: [1, 1],
    run: (modem, [level]) => {
      modem.pins[name].write(number(level, 0, 1) as 0 | 1);
      return undefined;
    },
  };
}

function simple(help: string, run: (modem: VirtualM95) => void): ControlCommand {
  const command: ControlCommand = {
    get usage() {
      return Object.entries(controlCommands).find(([, value]) => value === command)![0];
    },
    help,
    words: [0, 0],
    run: (modem) => {
      run(modem);
      return undefined;
    },
  };
  return command;
}

function number(text: string | undefined, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text ?? "") || value < min || value > max) throw new RangeError(`${text} is not in ${min}-${max}`);
  return value;
}

function choice(text: string | undefined, values: string[]): string {
  if (!values.includes(text ?? "")) throw new RangeError(`${text} is none of ${values.join(", ")}`);
  return text!;
}
