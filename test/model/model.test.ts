// Model check: the tables of states against the real lifecycle, client and session, every sequence of events to a depth; no
// transition beside the table, no dead row, no dead end. It also shows that defects are noticed.
import test from "ava";
import { Framer } from "../../core/at/framer.js";
import { KINDS } from "../../core/at/kinds.js";
import { Session } from "../../core/at/session.js";
import { PHASES } from "../../core/at/sync.js";
import * as contact from "../../core/m95/contact.js";
import { Lifecycle } from "../../core/m95/lifecycle.js";
import * as client from "../../core/mqtt/client.js";
import { Link } from "../../core/mqtt/link.js";
import { Outbox } from "../../core/mqtt/outbox.js";
import { compare, explore } from "./explore.js";
import { KIND, SESSION } from "./line-tables.js";
import { type Checked, eventsOf, MACHINES } from "./machines.js";
import { CONTACT, LIFE, readRows } from "./tables.js";

function find(one: Checked, less = 0): ReturnType<typeof explore> {
  return explore(one.make, one.roots, eventsOf(one), one.depth - less);
}

for (const one of MACHINES)
  test(`${one.name}: what happens is in the table, what is in the table happens, and there is always a way out`, (t) => {
    const found = find(one);
    const hint = `\nAfter a wanted change: node build/test/model/print.js --write ${one.name}, read the diff, npm run docs`;
    t.deepEqual(found.problems, []);
    one.machines.forEach((machine, table) => {
      const { unknown, dead } = compare(readRows(machine.rows), found.seen[table]!);
      t.deepEqual(unknown.slice(0, 10), [], `${machine.title}: not in the table${hint}`);
      t.deepEqual(dead.slice(0, 10), [], `${machine.title}: in the table, but never seen${hint}`);
    });
    t.true(found.worlds > 1000, `${found.worlds} worlds`);
    t.log(`${found.worlds} worlds, ${found.steps} steps, depth ${one.depth}`);
  });

test("exploration begins in every state but those that are an event or two away", (t) => {
  const near: { [name: string]: string[] } = {
    lifecycle: ["starting", "failed", "closed"],
    client: ["closed", "ended"],
    outbox: ["done"],
    session: [],
    framer: ["dubious"],
  };
  for (const { name, machines, make, roots } of MACHINES) {
    const ends = roots.flatMap((way) => {
      const world = make();
      for (const event of way) world.perform(event);
      return world.states();
    });
    t.deepEqual(
      machines.flatMap((machine) => Object.keys(machine.states)).filter((state) => !ends.includes(state)),
      near[name]!,
    );
  }
});

test("the tables speak of their own states and events", (t) => {
  for (const machine of MACHINES.flatMap((one) => one.machines)) {
    const rows = readRows(machine.rows);
    t.deepEqual(Object.keys(rows).sort(), Object.keys(machine.states).sort());
    for (const events of Object.values(rows))
      for (const [event, nexts] of Object.entries(events)) {
        t.true(event in machine.events, event);
        for (const next of nexts.split(" ")) t.true(next in machine.states, next);
      }
    for (const event of Object.keys(machine.events))
      t.true(
        Object.values(rows).some((events) => event in events),
        `${event} happens nowhere`,
      );
  }
});

test("the tables and the classes have the same names for their states", (t) => {
  t.deepEqual(Object.keys(CONTACT.states).sort(), [...contact.CONTACT].sort());
  t.deepEqual(Object.keys(LIFE.states).sort(), [...client.LIFE].sort());
  t.deepEqual(Object.keys(SESSION.states), ["idle", "prompt", ...PHASES.slice(1)]);
  t.deepEqual(Object.keys(KIND.states), KINDS);
});

test("a table that says too little or too much is noticed", (t) => {
  const session = MACHINES.find((one) => one.machines[0] === SESSION)!;
  const rows = readRows(SESSION.rows);
  delete rows.idle!.sync;
  rows.idle!.reset = "idle held";
  const { unknown, dead } = compare(rows, find(session, 2).seen[0]!);
  t.true(unknown.some((one) => one.startsWith("idle sync -> calling, by ")));
  t.true(dead.includes("idle reset -> held"));
});

type Method = (...args: unknown[]) => unknown;

/** Problems that are found when a method has a defect. */
function broken(name: string, owner: object, method: string, defect: (good: Method) => Method): string {
  const methods = owner as { [name: string]: Method };
  const good = methods[method]!;
  methods[method] = defect(good);
  try {
    return find(MACHINES.find((one) => one.name === name)!, 1).problems.join("\n");
  } finally {
    methods[method] = good;
  }
}

test.serial("planted defects are noticed", (t) => {
  t.regex(
    broken("session", Session.prototype, "_expired", (good) => {
      return function (this: unknown) {
        if (!(this as { _run?: object })._run) good.call(this);
      };
    }),
    /no timer leads out of|callback was not called once/,
  );
  t.regex(
    broken("framer", Framer.prototype, "_quiet", (good) => {
      return function (this: unknown) {
        return (this as { _text: string })._text === "\0" || good.call(this);
      };
    }),
    /ends in payload,spoilt/,
  );
  t.regex(
    broken("framer", Framer.prototype, "_release", (good) => {
      return function (this: unknown, kind) {
        if (kind) good.call(this, kind);
      };
    }),
    /ends in (unsure|payload),none/,
  );
  t.regex(
    broken("outbox", Outbox.prototype, "_tick", () => () => undefined),
    /ends in (waiting|inflight)/,
  );
  t.regex(
    broken("outbox", Outbox.prototype, "_unsettled", (good) => {
      return function (this: unknown, packet, fields, line, proven) {
        good.call(this, packet, fields, line, proven);
        (packet as { discredited: number }).discredited = 0;
      };
    }),
    /verdict 0 is told, behind/,
  );
  t.regex(
    broken("client", Link.prototype, "_overdue", () => () => undefined),
    /no way out of (opening|connecting)/,
  );
  t.regex(
    broken("client", client.MqttClient.prototype, "_finish", (good) => {
      return function (this: unknown) {
        (this as { emit: Method }).emit("end");
        good.call(this);
      };
    }),
    /not one "end"/,
  );
  t.regex(
    broken("lifecycle", Lifecycle.prototype, "recover", () => () => undefined),
    /no timer leads out of/,
  );
});
