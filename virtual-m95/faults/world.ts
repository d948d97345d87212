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
