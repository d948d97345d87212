// The fault matrix itself: it covers every fault there is, and it fails when a driver lies, loses or leaves something behind.

import test from "ava";
import type { MqttClient } from "../../core/index.js";
import { faultTable } from "../../virtual-m95/index.js";
import { type Cell, type CellOptions, runCell } from "./cell.js";
import { rows } from "./faults.js";

type Publish = MqttClient["publish"];
type Done = (error?: Error | null) => void;

test("every fault of the virtual M95 has a row, and no row names another one", (t) => {
  const named = new Set(
    Object.values(rows)
      .flat()
      .map((row) => row.split(" ")[0]!),
  );
  t.deepEqual([...named].sort(), Object.keys(faultTable).sort());
});

test("connections are refused with each return code", (t) => {
  for (let code = 1; code <= 5; code++)
    t.true(
      rows.network.some((row) => row.startsWith(`refused ${code}`)),
      `${code}`,
    );
});

/** A client that does something else than the driver's when it publishes with QoS 1 or 2. */
function lying(publish: (real: MqttClient, args: Parameters<Publish>) => void): CellOptions {
  return {
    wrap: (client) => ({
      publish(...args: Parameters<Publish>) {
        publish(client, args);
        return client;
      },
      subscribe: client.subscribe.bind(client),
      end: client.end.bind(client),
    }),
  };
}

const cell: Cell = { fault: "network-loss 8", phase: "publish QoS 1", seed: 1 };

test("the cell that the broken drivers run in holds with the real one", (t) => {
  t.is(runCell(cell), undefined);
});

test("a driver that confirms what it has only sent is found out", (t) => {
  const problem = runCell(
    { fault: "reboot", phase: "idle", seed: 1 },
    lying((client, [topic, payload, options, done]) => {
      client.publish(topic, payload, options as object);
      (done as Done)();
    }),
  );
  t.regex(problem!, /was confirmed and never arrived/);
});

test("a driver that swallows a callback is found out", (t) => {
  let calls = 0;
  const problem = runCell(
    cell,
    lying((client, [topic, payload, options, done]) => {
      client.publish(topic, payload, options as object, ++calls === 3 ? () => {} : (done as Done));
    }),
  );
  t.regex(problem!, /was called back 0 times/);
});

test("a driver that calls back twice is found out", (t) => {
  const problem = runCell(
    cell,
    lying((client, [topic, payload, options, done]) => {
      client.publish(topic, payload, options as object, (error) => {
        (done as Done)(error);
        (done as Done)(error);
      });
    }),
  );
  t.regex(problem!, /was called back 2 times/);
});

test("a driver that says it never sent what arrived is found out", (t) => {
  const problem = runCell(
    cell,
    lying((client, [topic, payload, options, done]) => {
      const closed = Object.assign(new Error("never sent"), { code: "ECLOSED" });
      client.publish(topic, payload, options as object, (error) => (done as Done)(error ?? closed));
    }),
  );
  t.regex(problem!, /is said never to have been sent/);
});

test("a driver that sends what is QoS 2 twice is found out", (t) => {
  const problem = runCell(
    cell,
    lying((client, [topic, payload, options, done]) => {
      client.publish(topic, payload, options as object, done as Done);
      if ((options as { qos: number }).qos === 2) client.publish(topic, payload, options as object);
    }),
  );
  t.regex(problem!, /arrived 2 times/);
});

test("a driver that is not back in time is found out, with its traffic and how to run the cell alone", (t) => {
  const problem = runCell({ fault: "sim-loss 0", phase: "idle", seed: 2 })!;
  t.regex(problem, /not back within 900 s/);
  t.true(problem.split("\n").length > 40);
  t.true(problem.endsWith('npm run test:matrix -- --fault "sim-loss 0" --phase "idle" --seed 2'));
});
