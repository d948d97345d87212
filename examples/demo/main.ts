// The demo: from the press of PWRKEY to messages both ways at QoS 0, 1 and 2, a will, a broker restart, and power-off.
// It checks what it shows; the exit code is 0 only if all of it was right.
import { randomBytes } from "node:crypto";
import { Command, InvalidArgumentError, Option } from "commander";
import type { ConnectOptions, MqttClient } from "../../targets/node/index.js";
import { harmless } from "../../terminal/harmless.js";
import { endWithReader } from "../../terminal/pipe.js";
import { versionOf } from "../../terminal/version.js";
import { type Address, addressOf, type Bench, type Settings, setUp } from "./bench.js";
import { Screen } from "./screen.js";

const number = (min: number, max: number) => (text: string) => {
  const value = Number(text);
  if (!(value >= min && value <= max)) throw new InvalidArgumentError(`It must be a number of ${min}..${max}.`);
  return value;
};

function address(text: string): Address {
  try {
    return addressOf(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

const program = new Command("npm run demo --")
  .version(versionOf(import.meta.url), "--version", "print the version")
  .description(
    "Powers an M95 on, connects it to an MQTT broker and moves messages both ways. Needs no hardware and no network.",
  )
  .option("--broker <host:port>", "use this broker instead of the embedded one", address)
  .option("--port <path>", "use a real modem on this serial port, such as /dev/ttyUSB0")
  .option("--baud <rate>", "rate of the serial port", number(300, 115200), 115200)
  .option("--apn <name>", "access point of the network operator", "internet")
  .option("--speed <factor>", "how much faster than life the virtual modem runs", number(0.1, 50), 5)
  .addOption(
    new Option("--tls", "TLS, with certificates on both sides; needs the embedded broker and the virtual modem")
      .conflicts(["broker", "port"])
      .default(false),
  )
  .option("--trace", "show the AT traffic", false)
  .option("--record <file>", "write what passes to a file, to be looked at with m95-trace view")
  .addHelpText(
    "after",
    `
Examples:
  npm run demo
  npm run demo -- --trace
  npm run demo -- --tls
  npm run demo -- --broker 127.0.0.1:1883
  npm run demo -- --port /dev/ttyUSB0 --broker test.example.org:1883 --apn internet.example

Exit codes: 0 all checks passed, 1 something was not right, 2 wrong usage.`,
  )
  .showHelpAfterError("See npm run demo -- --help")
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

/** ms of real time in which something has to happen; a real network may take its time. */
const LIMIT = 60_000;

/** Attempts to connect for the first time before the demo gives up. */
const ATTEMPTS = 3;

interface Message {
  topic: string;
  payload: Buffer;
}

/** A client, what it received, how often it connected and how often it failed to. */
interface Party {
  client: MqttClient;
  inbox: Message[];
  connects: number;
  failures: number;
}

/** One run of the demo. */
class Demo {
  readonly #bench: Bench;
  readonly #screen: Screen;
  /** Keeps runs on a shared broker apart; nothing with the embedded one, where names are the note's. */
  readonly #mark: string;
  readonly #counts = { sent: 0, confirmed: 0, received: 0, recovered: 0 };
  #pressed = 0;
  #first: number | undefined;

  constructor(bench: Bench, screen: Screen) {
    this.#bench = bench;
    this.#screen = screen;
    this.#mark = bench.embedded ? "" : `-${randomBytes(3).toString("hex")}`;
  }

  /** @throws Error when going on makes no sense */
  async run(): Promise<void> {
    await this.#powerOn();
    const one = this.#join("clientExample", {
      username: "username",
      password: "password",
      will: { topic: this.#topic("will"), payload: "gone", qos: 1 },
    });
    const other = this.#join("otherDevice");
    await this.#example(one, other);
    await this.#stranger();
    await this.#allLevels(one, other);
    await this.#will(one, other);
    await this.#restart(one, other);
    await this.#powerOff([one, other]);
  }

  /** Whether all was right. */
  summary(): boolean {
    const { sent, confirmed, received, recovered } = this.#counts;
    const { stats } = this.#bench.modem;
    const first = this.#first === undefined ? "never" : `${((this.#first - this.#pressed) / 1000).toFixed(1)} s`;
    return this.#screen.summary([
      ["messages published", `${sent}, ${confirmed} of them confirmed`],
      ["messages received", received],
      ["connections recovered", recovered],
      ["start to the first message", first === "never" ? first : `${first} of the modem's time`],
      ["AT commands", `${stats.commands}, ${stats.timeouts} without an answer`],
      ["bytes from the modem", stats.bytes],
    ]);
  }

  #topic(name: string): string {
    return `demo${this.#mark}/${name}`;
  }

  #join(name: string, options: Partial<ConnectOptions> = {}): Party {
    const { modem, clock, address: where, tls = false } = this.#bench;
    const screen = this.#screen;
    const client = modem.connect({ ...where, tls, clientId: name + this.#mark, reconnectPeriod: 500, ...options });
    const party: Party = { client, inbox: [], connects: 0, failures: 0 };
    client.on("connect", () => {
      party.connects++;
    });
    client.on("reconnect", () => screen.note(`${name}: trying again`));
    client.on("close", (reason) => screen.note(`${name}: connection closed${reason ? `, ${reason.message}` : ""}`));
    client.on("error", (error) => {
      party.failures++;
      screen.note(`${name}: ${error.message}`);
    });
    client.on("message", (topic, payload) => {
      this.#first ??= clock.now();
      this.#counts.received++;
      party.inbox.push({ topic, payload });
    });
    return party;
  }

  async #publish(party: Party, topic: string, payload: string | Buffer, qos: 0 | 1 | 2): Promise<void> {
    this.#counts.sent++;
    await within(party.client.publishAsync(topic, payload, { qos }), `the verdict on a publish to ${topic}`);
    this.#counts.confirmed++;
  }

  async #powerOn(): Promise<void> {
    const { modem, virtual, clock } = this.#bench;
    const screen = this.#screen;
    screen.step("Power and bring-up");
    if (virtual) screen.check("the modem is off", !virtual.modem.running);
    modem.on("state", (state) => screen.note(state));
    this.#pressed = clock.now();
    await modem.startAsync();
    if (virtual) screen.check("PWRKEY was pressed, STATUS is high", virtual.modem.running);
    screen.check("SIM, network and PDP context are there", modem.state === "ready");
    const [identity, operator, signal] = await Promise.all([
      modem.identityAsync(),
      modem.operatorAsync(),
      modem.signalAsync(),
    ]);
    const level = signal.dbm === undefined ? "signal unknown" : `${signal.dbm} dBm`;
    screen.check(
      "it tells who it is",
      identity.imei !== undefined,
      `IMEI ${identity.imei}, ${identity.revision}, ${operator.name}, ${level}`,
    );
  }

  /** The application note's example 5.1; the other device is a second client. */
  async #example(one: Party, other: Party): Promise<void> {
    const screen = this.#screen;
    const { tls } = this.#bench;
    screen.step(`Example 5.1 of the application note${tls ? ", over TLS as in example 5.2" : ""}`);
    const connected = () => one.client.connected && other.client.connected;
    await until(() => connected() || Math.max(one.failures, other.failures) >= ATTEMPTS);
    screen.need("both clients are connected", connected());
    const first = await within(one.client.subscribeAsync("topic/example", { qos: 2 }), "+QMTSUB");
    const second = await within(one.client.subscribeAsync("topic/pub", { qos: 0 }), "+QMTSUB");
    screen.check("topic/example is granted with QoS 2", first[0]?.qos === 2);
    screen.check("topic/pub is granted with QoS 0", second[0]?.qos === 0);
    await this.#publish(other, "topic/example", "This is the payload related to topic", 0);
    const said = () => has(one, "topic/example", "This is the payload related to topic");
    screen.check("a message of another device arrives", await until(said));
    await within(one.client.unsubscribeAsync("topic/example"), "+QMTUNS");
    await this.#publish(one, "topic/pub", "This is test data, hello MQTT.", 0);
    const heard = () => has(one, "topic/pub", "This is test data, hello MQTT.");
    screen.check("its own message comes back", await until(heard));
  }

  /** With TLS: what becomes of a device that has no certificate. */
  async #stranger(): Promise<void> {
    const { tls } = this.#bench;
    if (!tls) return;
    const screen = this.#screen;
    screen.step("A device without a certificate");
    const stranger = this.#join("stranger", { tls: { ca: tls.ca, context: 1 }, reconnectPeriod: 0 });
    await until(() => stranger.failures > 0 || stranger.connects > 0);
    screen.check("the broker turns it away", stranger.failures > 0 && stranger.connects === 0);
    await within(stranger.client.endAsync(true), "its end");
  }

  async #allLevels(one: Party, other: Party): Promise<void> {
    const screen = this.#screen;
    const [up, down, bytesTopic] = [this.#topic("up"), this.#topic("down"), this.#topic("up/bytes")];
    screen.step("QoS 0, 1 and 2, both ways");
    await within(other.client.subscribeAsync(`${up}/#`, { qos: 2 }), "+QMTSUB");
    await within(one.client.subscribeAsync(`${down}/#`, { qos: 2 }), "+QMTSUB");
    for (const qos of [0, 1, 2] as const) {
      const texts = Array.from(
        { length: 8 },
        (_, i) => `{"n":${i},"qos":${qos},"note":"commas, \\"quotes\\"\\r\\nand lines"}`,
      );
      await Promise.all([
        ...texts.map((text) => this.#publish(one, `${up}/${qos}`, text, qos)),
        ...texts.map((text) => this.#publish(other, `${down}/${qos}`, text, qos)),
      ]);
      const arrived = () => texts.every((text) => has(other, `${up}/${qos}`, text) && has(one, `${down}/${qos}`, text));
      screen.check(`QoS ${qos}: ${texts.length} messages up, ${texts.length} down`, await until(arrived));
    }
    const bytes = Buffer.from(Array.from({ length: 1548 }, (_, i) => (i % 256 === 26 || i % 256 === 27 ? 0 : i % 256)));
    await this.#publish(one, bytesTopic, bytes, 1);
    screen.check("1548 bytes, all values but 0x1A and 0x1B", await until(() => has(other, bytesTopic, bytes)));
    const twice = [...count(other, `${up}/2`), ...count(one, `${down}/2`)].filter((times) => times > 1);
    screen.check("nothing came twice at QoS 2", twice.length === 0);
  }

  async #will(one: Party, other: Party): Promise<void> {
    const { virtual } = this.#bench;
    const screen = this.#screen;
    screen.step("Will");
    if (!virtual) {
      screen.note("left out: a connection can only be cut with the virtual modem");
      return;
    }
    const topic = this.#topic("will");
    await within(other.client.subscribeAsync(topic, { qos: 1 }), "+QMTSUB");
    const before = one.connects;
    virtual.modem.dropLink(one.client.connectionId, 1);
    screen.check("the broker publishes the will of a cut connection", await until(() => has(other, topic, "gone")));
    const back = await until(() => one.connects > before && one.client.connected);
    if (back) this.#counts.recovered++;
    screen.need("the client is back by itself", back);
  }

  async #restart(one: Party, other: Party): Promise<void> {
    const { virtual, embedded } = this.#bench;
    const screen = this.#screen;
    screen.step(embedded || !virtual ? "Broker restart" : "Connections lost");
    if (!virtual) {
      screen.note("left out: connections can only be cut with the virtual modem");
      return;
    }
    const before = [one.connects, other.connects];
    if (embedded) await embedded.stop();
    else for (const party of [one, other]) virtual.modem.dropLink(party.client.connectionId, 1);
    screen.check("both clients notice", await until(() => !one.client.connected && !other.client.connected));
    const queued = this.#publish(one, this.#topic("up/queued"), "written while offline", 1);
    // Its failure is looked at further down; until then it must not end the process.
    queued.catch(() => {});
    if (embedded) await embedded.restart();
    const back = await until(() => one.connects > before[0]! && other.connects > before[1]!);
    if (back) this.#counts.recovered += 2;
    screen.need("both are back by themselves", back);
    await queued;
    // Whether the other one had subscribed again by then is chance; from now on nothing may be missing.
    const again = this.#topic("up/again");
    await this.#publish(one, again, "after the restart", 2);
    screen.check("what waited was sent, subscriptions hold", await until(() => has(other, again, "after the restart")));
  }

  async #powerOff(parties: Party[]): Promise<void> {
    const { modem, virtual } = this.#bench;
    const { sent, confirmed } = this.#counts;
    const screen = this.#screen;
    screen.step("Power-off");
    screen.check("every publish was confirmed", confirmed === sent);
    await within(Promise.all(parties.map((party) => party.client.endAsync())), "the end of the clients");
    await within(modem.stopAsync(), "power-off");
    screen.check("the modem is off", modem.state === "off" && !virtual?.modem.running);
    if (!virtual) return;
    const { violations } = virtual.modem;
    screen.check(
      "the modem had nothing to object to",
      violations.length === 0,
      violations.map((v) => v.detail).join("; "),
    );
  }
}

const has = (party: Party, topic: string, payload: string | Buffer): boolean =>
  party.inbox.some((one) => one.topic === topic && one.payload.equals(Buffer.from(payload)));

/** How often each message on a topic came. */
function count(party: Party, topic: string): number[] {
  const times = new Map<string, number>();
  for (const one of party.inbox) {
    const key = one.payload.toString("latin1");
    if (one.topic === topic) times.set(key, (times.get(key) ?? 0) + 1);
  }
  return [...times.values()];
}

/** Waits until a condition holds, but not for ever. */
async function until(condition: () => boolean): Promise<boolean> {
  const end = performance.now() + LIMIT;
  while (!condition()) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}

/** What the driver promises, but not for ever: what waits for a connection waits as long as there is none. */
function within<T>(promise: Promise<T>, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${what} did not come within ${LIMIT / 1000} s`)), LIMIT);
    promise.then(resolve, reject).finally(() => clearTimeout(late));
  });
}

async function main(): Promise<boolean> {
  endWithReader();
  program.parse();
  const options = program.opts<Settings & { trace: boolean }>();
  const screen = new Screen(options.trace);
  const bench = await setUp(options);
  const { modem } = bench;
  console.log("m95-mqtt demo");
  for (const line of bench.about) console.log(`  ${harmless(line)}`);
  if (options.trace) modem.on("trace", (direction, text) => screen.traffic(direction, text));
  modem.on("recovery", (what) => screen.note(`recovery: ${what.cause}; ${what.step} in ${what.next} ms`));
  modem.on("error", (error) => screen.note(`modem: ${error.message}`));
  const demo = new Demo(bench, screen);
  try {
    await demo.run();
  } catch (error) {
    screen.stopped((error as Error).message);
  }
  const right = demo.summary();
  await bench.close();
  return right;
}

main().then(
  (right) => process.exit(right ? 0 : 1),
  (error: Error) => {
    console.error(`The demo could not be set up: ${harmless(error.message.replace(/^Error: /, ""))}`);
    process.exit(1);
  },
);
