// Faults of the module, its power, its SIM, its cell and its broker: the mishaps of `VirtualM95`, by name.

import type { Registration, ViolationKind } from "../options.js";
import { count, type FaultArg, type FaultArgs, type FaultRow, seconds } from "./fault.js";
import type { FaultTarget } from "./target.js";

/** What is under way when a module goes away. */
const cut: Partial<Record<ViolationKind, string>> = { "sent-while-off": "bytes under way while the power goes" };

/** Something that begins at once and is undone after SECONDS; 0: it stays. */
function lasting(
  help: string,
  byDefault: number,
  begin: (modem: FaultTarget, args: FaultArgs) => void,
  undo: (modem: FaultTarget) => void,
  extra: readonly FaultArg[] = [],
): FaultRow {
  return {
    help,
    args: [seconds(byDefault), ...extra],
    start: (world, args) => {
      begin(world.modem, args);
      const stays = args.seconds === 0;
      if (!stays) world.outside(args.seconds! * 1000, world.over);
      return { end: () => (stays ? undefined : undo(world.modem)) };
    },
  };
}

/** Something that happens once. */
function once(help: string, what: (modem: FaultTarget) => void, causes: FaultRow["causes"] = {}): FaultRow {
  return {
    help,
    args: [],
    causes,
    start: (world) => {
      what(world.modem);
      world.over();
      return {};
    },
  };
}

export const worldFaults: Record<string, FaultRow> = {
  reboot: once("reset; RDY is printed if the rate is fixed (AT+IPR)", (modem) => modem.reboot()),
  "silent-reboot": {
    help: "reset without a word until the first answer, as with autobaud",
    args: [],
    start: (world) => {
      world.modem.reboot();
      return {
        send: (text, kind) => {
          if (kind === "urc") return null;
          world.over();
          return text;
        },
      };
    },
  },
  "brown-out": once("UNDER_VOLTAGE POWER DOWN, then off", (modem) => modem.brownOut(), cut),
  "power-cut": once(
    "off without a word, VBAT comes back",
    (modem) => {
      modem.pins.supply.write(0);
      modem.pins.supply.write(1);
    },
    cut,
  ),
  "under-voltage": once("UNDER_VOLTAGE WARNING", (modem) => modem.voltage("UNDER_VOLTAGE WARNING")),
  hang: lasting(
    "deaf and mute for SECONDS; 0: until EMERG_OFF or a power cut",
    30,
    (modem, args) => modem.hang(args.seconds ? args.seconds * 1000 : undefined),
    (modem) => modem.unhang(),
  ),
  "pdp-drop": once("the network takes the PDP context away", (modem) => modem.dropPdp()),
  "network-loss": lasting(
    "packets stop for SECONDS; 0: for good",
    60,
    (modem) => modem.networkDown(true),
    (modem) => modem.networkDown(false),
  ),
  "registration-loss": lasting(
    "registration state STAT (0 idle, 2 searching, 3 denied) for SECONDS; 0: for good",
    60,
    (modem, args) => modem.setRegistration(args.stat as Registration),
    (modem) => modem.setRegistration(modem.options.creg ?? 1, modem.options.cgreg ?? 1),
    [{ name: "STAT", min: 0, max: 4, default: 2 }],
  ),
  denial: lasting(
    "for SECONDS searches are denied by one network before another one takes the SIM, FOUND s after their begin",
    90,
    (modem, args) => modem.mishaps.denySearches(args.found! * 1000),
    (modem) => modem.mishaps.denySearches(0),
    [{ name: "FOUND", min: 1, max: 1e5, default: 40 }],
  ),
  "sim-waking": lasting(
    "a reset; for SECONDS AT+CPIN? fails with CODE for WAKES s behind each boot",
    60,
    (modem, args) => {
      modem.mishaps.simWakes(args.wakes! * 1000, args.code!);
      modem.reboot();
    },
    (modem) => modem.mishaps.simWakes(0, 0),
    [
      { name: "CODE", min: 1, max: 65535, default: 13 },
      { name: "WAKES", min: 1, max: 1000, default: 8 },
    ],
  ),
  "pin-reset": {
    help: "a reset; the SIM wants its PIN, and COUNT times the module resets again right behind it",
    args: [count(1)],
    start: (world, args) => {
      world.modem.mishaps.lockSim(args.count!);
      world.modem.reboot();
      return { end: () => world.modem.mishaps.unlockSim() };
    },
  },
  "clock-loss": once("the module's clock shows a time at which it was never set", (modem) =>
    modem.mishaps.setClock("80/01/06,00:00:16+00"),
  ),
  "dead-session": {
    help: "nothing gets through to the broker any more, and the modem calls its clients connected until they are closed",
    args: [],
    start: (world) => {
      world.modem.mishaps.killSessions();
      const look = (): void => {
        if (world.modem.mishaps.sessionsDead) world.outside(1000, look);
        else world.over();
      };
      look();
      return {};
    },
  },
  "refused-packets": lasting(
    "AT+QMTPUB fails with CODE for SECONDS",
    40,
    (modem, args) => modem.mishaps.refuseCommands("+QMTPUB", args.code!),
    (modem) => modem.mishaps.refuseCommands("", 0),
    [{ name: "CODE", min: 1, max: 65535, default: 8510 }],
  ),
  "refused-mqtt": lasting(
    "every AT+QMT command fails with CODE for SECONDS, while all others are answered",
    40,
    (modem, args) => modem.mishaps.refuseCommands("+QMT", args.code!),
    (modem) => modem.mishaps.refuseCommands("", 0),
    [{ name: "CODE", min: 1, max: 65535, default: 3 }],
  ),
  "open-failure": {
    help: "the next COUNT AT+QMTOPEN end with RESULT",
    args: [{ name: "RESULT", min: 1, max: 5, default: 1 }, count(1)],
    start: (world, args) => {
      world.modem.mishaps.failOpen(args.result!, args.count!, world.over);
      return { end: () => world.modem.mishaps.failOpen(0, 0) };
    },
  },
  "sim-loss": lasting(
    "no SIM for SECONDS; 0: for good",
    20,
    (modem) => modem.removeSim(),
    (modem) => modem.insertSim(),
  ),
  "broker-reset": once("every connection is closed by the broker's side", (modem) => modem.resetConnections()),
  "broker-down": lasting(
    "connections are closed and new ones refused for SECONDS; 0: for good",
    60,
    (modem) => {
      modem.resetConnections();
      modem.brokerDown(true);
    },
    (modem) => modem.brokerDown(false),
  ),
  refused: {
    help: "the next COUNT CONNECTs are refused with return code CODE",
    args: [{ name: "CODE", min: 1, max: 5, default: 3 }, count(1)],
    start: (world, args) => {
      world.modem.refuseConnect(args.code!, args.count!, world.over);
      return { end: () => world.modem.refuseConnect(0, 0) };
    },
  },
  "link-drop": {
    help: "the modem closes its clients with +QMTSTAT: id,CODE",
    args: [{ name: "CODE", min: 1, max: 255, default: 1 }],
    start: (world, args) => {
      for (let id = 0; id < 6; id++) world.modem.dropLink(id, args.code!);
      world.over();
      return {};
    },
  },
};
