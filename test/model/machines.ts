// Which world stands behind which table, where its exploration begins and how deep it goes. It explores nothing.
import { ClientWorld } from "./client-world.js";
import type { World } from "./explore.js";
import { FramerWorld } from "./framer-world.js";
import { LifecycleWorld } from "./lifecycle-world.js";
import { KIND, MESSAGE, PACKET, SESSION } from "./line-tables.js";
import { OutboxWorld } from "./outbox-world.js";
import { SessionWorld } from "./session-world.js";
import { CLIENT, CONTACT, LIFE, LIFECYCLE, type Machine } from "./tables.js";

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
// What is told of being ready, or connected, comes from a timer.
const ready = [...registering, "runs well", "runs well", "timer", "timer"];

const opening = ["timer", "OK", "OK"];
const connecting = [...opening, "QMTOPEN 0", "OK"];
const connected = [...connecting, "QMTCONN 0,0", "timer"];

const claimed = ["open", "publish", "OK", "?wrong ID", "?verdict 0"];

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
    name: "outbox",
    machines: [PACKET],
    make: () => new OutboxWorld(),
    roots: [
      [],
      ["publish"],
      ...["publish", "publish again", "publish QoS 0", "subscribe"].map((kind) => ["open", kind]),
      ["open", "publish", "lost"],
      ...["publish", "publish again", "publish QoS 0", "subscribe"].map((kind) => ["open", kind, "OK"]),
      claimed,
      [...claimed, "bytes lost"],
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
      [...publishing, "prompt", "message", "OK"],
      ["open", "upload", "timer", "message", "CONNECT"],
      ["open", "command", "timer"],
      ["open", "command", "timer", "message", "ERROR"],
      ["open", "upload", "timer"],
      syncing,
      [...syncing, "OK"],
    ],
    depth: 4,
  },
  {
    name: "framer",
    machines: [KIND, MESSAGE],
    make: () => new FramerWorld(),
    roots: [
      [],
      ["message"],
      ["message", "line"],
      ["message", "overrun"],
      ["lengths"],
      ["lengths", "half a message"],
      ["lengths", "doubtful message"],
    ],
    depth: 4,
  },
];

/** The events of a world; its tables have the same. */
export function eventsOf({ machines }: Checked): string[] {
  return Object.keys(machines[0]!.events);
}
