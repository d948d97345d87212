// What runs often on Moddable: the target before a virtual M95, connecting, then with messages in and out. What is not among it is cold
// (scripts/moddable/marks.mjs). It tells names and writes nothing; mark-often.ts does.

import { register } from "node:module";
import { file, resolveModules } from "./resolve.js";

/** A function that runs for fewer of the messages is not worth its byte code. */
const SHARE = 0.1;
/** What runs more often while a client connects and subscribes, and handles the modem's lines or messages: others' may come in the midst of it. */
const CONNECTING = 10;
const CARRIES = /^core\/(at|mqtt)\/(?!options\.)/;

const CONNECT = ["powers on over the pins and comes up", "connects", "subscribes, with topics in UTF-8"];
const MESSAGES = [
  "publishes at each QoS",
  "takes ArrayBuffers and views, and hands over ArrayBuffers",
  "receives 1,548 bytes of all values",
  "500 messages in and 500 out",
];
/** Of the last of them, which are nearly all. */
const COUNT = 1000;

/** The names of the functions that run often, sorted. */
export async function oftenRun(): Promise<string[]> {
  const counts = new Map<string, number>();
  const carriers = new Set<string>();
  const { makeWorld } = (await import(file("test/moddable/world.mjs"))) as {
    makeWorld(on: object): Promise<(question: Buffer) => Buffer>;
  };
  const world = await makeWorld({});
  Object.assign(globalThis, {
    issueCommand: (question: ArrayBuffer) => new Uint8Array(world(Buffer.from(question))).buffer,
    trace: () => {},
    ran: (from: string, name: string) => {
      counts.set(name, (counts.get(name) ?? 0) + 1);
      if (CARRIES.test(from) && !name.endsWith(".constructor")) carriers.add(name);
    },
  });
  register(file("test/moddable/count-hook.mjs"));
  resolveModules({
    "m95-mqtt": file("build/targets/moddable/index.js"),
    "m95-mqtt/client": file("build/targets/moddable/client.js"),
  });
  await import(file("test/moddable/xs/strings.js"));
  const { tests } = (await import(file("test/moddable/xs/tests.js"))) as { tests: { [title: string]: () => void } };
  const run = (titles: string[]) => {
    counts.clear();
    for (const title of titles) {
      if (!tests[title]) throw new Error(`there is no test "${title}" any more`);
      tests[title]();
    }
    return new Map(counts);
  };
  const first = run(CONNECT);
  const steady = run(MESSAGES);
  const names = new Set([
    ...[...steady].filter(([, count]) => count >= SHARE * COUNT).map(([name]) => name),
    ...[...first].filter(([name, count]) => count > CONNECTING && carriers.has(name)).map(([name]) => name),
  ]);
  return [...names].sort();
}
