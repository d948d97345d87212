// The demo: from the press of PWRKEY to messages both ways at QoS 0, 1 and 2, a will, a broker restart, and power-off.
// It checks what it shows; the exit code is 0 only if all of it was right.
import { Command, InvalidArgumentError } from "commander";
import type { M95, MqttClient, PacketInfo } from "../../targets/node/index.js";
import { addressOf, type Bench, type Settings, setUp } from "./bench.js";
import { Screen } from "./screen.js";

const number = (min: number, max: number) => (text: string) => {
  const value = Number(text);
  if (!(value >= min && value <= max)) throw new InvalidArgumentError(`It must be a number of ${min}..${max}.`);
  return value;
};

const program = new Command("npm run demo --")
  .description(
    "Powers an M95 on, connects it to an MQTT broker and moves messages both ways. Needs no hardware and no network.",
  )
  .option("--broker <host:port>", "use this broker instead of the embedded one", (text) => {
    try {
      addressOf(text);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
    return text;
  })
  .option("--port <path>", "use a real modem on this serial port, such as /dev/ttyUSB0")
  .option("--baud <rate>", "rate of the serial port", number(300, 115200), 115200)
  .option("--apn <name>", "access point of the network operator", "internet")
  .option("--speed <factor>", "how much faster than life the virtual modem runs", number(0.1, 50), 5)
  .option("--trace", "show the AT traffic", false)
  .addHelpText(
    "after",
    `
Examples:
  npm run demo
  npm run demo -- --trace
  npm run demo -- --broker 127.0.0.1:1883
  npm run demo -- --port /dev/ttyUSB0 --broker test.example.org:1883 --apn internet.example

Exit codes: 0 all checks passed, 1 something was not right, 2 wrong usage.`,
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

interface Message {
  topic: string;
  payload: Buffer;
  packet: PacketInfo;
}

/** A client, what it received, and how often it connected. */
interface Party {
  client: MqttClient;
  inbox: Message[];
  connects: number;
}

const counts = { sent: 0, acknowledged: 0, received: 0, recovered: 0 };

function join(modem: M95, screen: Screen, name: string, options: Parameters<M95["connect"]>[0]): Party {
  const client = modem.connect(options);
  const party: Party = { client, inbox: [], connects: 0 };
  client.on("connect", () => {
    party.connects++;
  });
  client.on("reconnect", () => screen.note(`${name}: trying again`));
  client.on("close", (reason) => screen.note(`${name}: connection closed${reason ? `, ${reason.message}` : ""}`));
  client.on("error", (error) => screen.note(`${name}: ${error.message}`));
  client.on("message", (topic, payload, packet) => {
    counts.received++;
    party.inbox.push({ topic, payload, packet });
  });
  return party;
}

/** Waits until a condition holds, at most `limit` ms of real time. */
async function until(condition: () => boolean, limit = 60_000): Promise<boolean> {
  const end = performance.now() + limit;
  while (!condition()) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}

async function publish(party: Party, topic: string, payload: string | Buffer, qos: 0 | 1 | 2): Promise<void> {
  counts.sent++;
  await party.client.publishAsync(topic, payload, { qos });
  counts.acknowledged++;
}

const has = (party: Party, topic: string, payload: string | Buffer): boolean =>
  party.inbox.some((one) => one.topic === topic && one.payload.equals(Buffer.from(payload)));

async function powerOn({ modem, virtual }: Bench, screen: Screen): Promise<void> {
  screen.step("Power and bring-up");
  if (virtual) screen.check("the modem is off", !virtual.modem.running);
  modem.on("state", (state) => screen.note(state));
  await modem.startAsync();
  if (virtual) screen.check("PWRKEY was pressed, STATUS is high", virtual.modem.running);
  screen.check("SIM, network and PDP context are there", modem.state === "ready");
  const ask = <T>(run: (done: (error?: Error | null, value?: T) => void) => void) =>
    new Promise<T>((resolve, reject) => run((error, value) => (error ? reject(error) : resolve(value!))));
  const identity = await ask<{ imei?: string | undefined; revision?: string | undefined }>((done) =>
    modem.identity(done),
  );
  const signal = await ask<{ dbm?: number | undefined }>((done) => modem.signal(done));
  const operator = await ask<{ name?: string | undefined }>((done) => modem.operator(done));
  screen.check(
    "it tells who it is",
    identity.imei !== undefined,
    `IMEI ${identity.imei}, ${identity.revision}, ${operator.name}, ${signal.dbm} dBm`,
  );
}

/** The application note's example 5.1; the other device is a second client. */
async function example(one: Party, other: Party, screen: Screen): Promise<void> {
  screen.step("Example 5.1 of the application note");
  screen.check("clientExample is connected", await until(() => one.client.connected && other.client.connected));
  const first = await one.client.subscribeAsync("topic/example", { qos: 2 });
  const second = await one.client.subscribeAsync("topic/pub", { qos: 0 });
  screen.check("topic/example is granted with QoS 2", first[0]?.qos === 2);
  screen.check("topic/pub is granted with QoS 0", second[0]?.qos === 0);
  await publish(other, "topic/example", "This is the payload related to topic", 0);
  const said = () => has(one, "topic/example", "This is the payload related to topic");
  screen.check("a message of another device arrives", await until(said));
  await one.client.unsubscribeAsync("topic/example");
  await publish(one, "topic/pub", "This is test data, hello MQTT.", 0);
  const heard = () => has(one, "topic/pub", "This is test data, hello MQTT.");
  screen.check("its own message comes back", await until(heard));
}

async function allLevels(one: Party, other: Party, screen: Screen): Promise<void> {
  screen.step("QoS 0, 1 and 2, both ways");
  await other.client.subscribeAsync("demo/up/#", { qos: 2 });
  await one.client.subscribeAsync("demo/down/#", { qos: 2 });
  for (const qos of [0, 1, 2] as const) {
    const texts = Array.from(
      { length: 8 },
      (_, i) => `{"n":${i},"qos":${qos},"note":"commas, \\"quotes\\"\\r\\nand lines"}`,
    );
    await Promise.all([
      ...texts.map((text) => publish(one, `demo/up/${qos}`, text, qos)),
      ...texts.map((text) => publish(other, `demo/down/${qos}`, text, qos)),
    ]);
    const arrived = () =>
      texts.every((text) => has(other, `demo/up/${qos}`, text) && has(one, `demo/down/${qos}`, text));
    screen.check(`QoS ${qos}: ${texts.length} messages up, ${texts.length} down`, await until(arrived));
  }
  const bytes = Buffer.from(Array.from({ length: 1548 }, (_, i) => (i % 256 === 26 || i % 256 === 27 ? 0 : i % 256)));
  await publish(one, "demo/up/bytes", bytes, 1);
  screen.check("1548 bytes, all values but 0x1A and 0x1B", await until(() => has(other, "demo/up/bytes", bytes)));
}

async function will({ virtual }: Bench, one: Party, other: Party, screen: Screen): Promise<void> {
  screen.step("Will");
  if (!virtual) {
    screen.note("left out: a connection can only be cut with the virtual modem");
    return;
  }
  await other.client.subscribeAsync("demo/will", { qos: 1 });
  const before = one.connects;
  virtual.modem.dropLink(one.client.connectionId, 1);
  screen.check("the broker publishes the will of a cut connection", await until(() => has(other, "demo/will", "gone")));
  const back = await until(() => one.connects > before && one.client.connected);
  screen.check("the client is back by itself", back);
  if (back) counts.recovered++;
}

async function restart({ virtual, embedded }: Bench, one: Party, other: Party, screen: Screen): Promise<void> {
  screen.step(embedded ? "Broker restart" : "Connections lost");
  if (!virtual) {
    screen.note("left out: connections can only be cut with the virtual modem");
    return;
  }
  const before = [one.connects, other.connects];
  if (embedded) await embedded.stop();
  else for (const party of [one, other]) virtual.modem.dropLink(party.client.connectionId, 1);
  screen.check("both clients notice", await until(() => !one.client.connected && !other.client.connected));
  const queued = publish(one, "demo/up/queued", "written while offline", 1);
  if (embedded) await embedded.restart();
  const back = await until(() => one.connects > before[0]! && other.connects > before[1]!);
  screen.check("both are back by themselves", back);
  if (back) counts.recovered += 2;
  await queued;
  // Whether the other one had subscribed again by then is chance; from now on nothing may be missing.
  await publish(one, "demo/up/again", "after the restart", 2);
  screen.check(
    "what waited was sent, subscriptions hold",
    await until(() => has(other, "demo/up/again", "after the restart")),
  );
}

async function powerOff({ modem, virtual }: Bench, parties: Party[], screen: Screen): Promise<void> {
  screen.step("Power-off");
  await Promise.all(parties.map((party) => party.client.endAsync()));
  await modem.stopAsync();
  screen.check("the modem is off", modem.state === "off" && !virtual?.modem.running);
  if (!virtual) return;
  const { violations } = virtual.modem;
  screen.check(
    "the modem had nothing to object to",
    violations.length === 0,
    violations.map((v) => v.detail).join("; "),
  );
}

async function main(): Promise<boolean> {
  program.parse();
  const options = program.opts<Settings & { trace: boolean }>();
  const screen = new Screen(options.trace);
  const bench = await setUp(options);
  const { modem } = bench;
  console.log("m95-mqtt demo");
  for (const line of bench.about) console.log(`  ${line}`);
  modem.on("trace", (direction, text) => screen.traffic(direction, text));
  modem.on("recovery", (what) => screen.note(`recovery: ${what.cause}; ${what.step} in ${what.next} ms`));
  try {
    await powerOn(bench, screen);
    const where = { host: bench.host, port: bench.hostPort, reconnectPeriod: 500 };
    const one = join(modem, screen, "clientExample", {
      ...where,
      clientId: "clientExample",
      username: "username",
      password: "password",
      will: { topic: "demo/will", payload: "gone", qos: 1 },
    });
    const other = join(modem, screen, "otherDevice", { ...where, clientId: "otherDevice" });
    await example(one, other, screen);
    await allLevels(one, other, screen);
    await will(bench, one, other, screen);
    await restart(bench, one, other, screen);
    await powerOff(bench, [one, other], screen);
  } catch (error) {
    screen.check(`nothing unexpected happens, but: ${(error as Error).message}`, false);
  }
  const { stats } = modem;
  const right = screen.summary([
    ["messages published", `${counts.sent}, ${counts.acknowledged} of them confirmed`],
    ["messages received", counts.received],
    ["connections recovered", counts.recovered],
    ["AT commands", `${stats.commands}, ${stats.timeouts} without an answer`],
    ["bytes from the modem", stats.bytes],
  ]);
  await bench.close();
  return right && counts.sent === counts.acknowledged;
}

main().then(
  (right) => process.exit(right ? 0 : 1),
  (error: Error) => {
    console.error(`The demo could not be set up: ${error.message}`);
    process.exit(1);
  },
);
