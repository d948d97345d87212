// Which world stands behind which table, where its exploration begins and how deep it goes. It explores nothing.
import { ClientWorld } from "./client-world.js";
import type { World } from "./explore.js";
import { LifecycleWorld } from "./lifecycle-world.js";
import { SessionWorld } from "./session-world.js";
import { CLIENT, CONTACT, LIFE, LIFECYCLE, type Machine, SESSION } from "./tables.js";

export interface Checked {
  name: string;
  /** Tables of the same world, the one that says where it stands first. */
  machines: Machine[];
  make: () => World;
  /** Sequences of events that lead to where each exploration begins; every state is the end of one, or close to it. */
  roots: string[][];
  /** Events in sequence behind each root. */
  depth: number;
}

const powered = ["start", "pressed"];
const registering = [...powered, "runs well", "runs well"];
const ready = [...registering, "runs well", "runs well"];

const opening = ["timer", "OK", "OK"];
const connecting = [...opening, "QMTOPEN 0", "OK"];
const connected = [...connecting, "QMTCONN 0,0"];

const publishing = ["open", "publish", "timer"];
const syncing = ["open", "sync", "timer"];

export const MACHINES: Checked[] = [
  {
    name: "lifecycle",
    machines: [LIFECYCLE, CONTACT],
    make: () => new LifecycleWorld(),
    roots: [
      [],
      powered,
      [...powered, "runs well"],
      registering,
      [...registering, "runs well"],
      ready,
      [...ready, "connect", "timer"],
      [...ready, "RDY", "timer"],
      [...ready, "?RDY", "RDY"],
      // Registering once more, it is denied, which AT+CFUN may help.
      [...ready, "RDY", "timer", "timer", "runs well", "runs well", "denied", "timer"],
      [...ready, "stop"],
      [...ready, "stop", "timer", "timer"],
    ],
    depth: 3,
  },
  {
    name: "client",
    machines: [CLIENT, LIFE],
    make: () => new ClientWorld(),
    roots: [
      [],
      ["modem lost"],
      opening,
      connecting,
      connected,
      [...connected, "publish", "OK"],
      [...connected, "end", "timer"],
      [...connected, "publish", "end at once"],
      ["end", "timer"],
    ],
    depth: 4,
  },
  {
    name: "session",
    machines: [SESSION],
    make: () => new SessionWorld(),
    roots: [
      [],
      ["open"],
      publishing,
      [...publishing, "prompt"],
      [...publishing, "message", "ERROR"],
      ["open", "command", "timer"],
      syncing,
      [...syncing, "OK"],
    ],
    depth: 4,
  },
];

/** The events of a world; its tables have the same. */
export function eventsOf({ machines }: Checked): string[] {
  return Object.keys(machines[0]!.events);
}
