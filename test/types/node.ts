// The public API on Node as TypeScript users meet it. It is compiled, never run: what must not compile is marked so.
import type { Duplex } from "node:stream";
import {
  type Battery,
  type boards,
  type ClientState,
  type Clock,
  type ConnectOptions,
  cycle,
  type Grant,
  M95,
  M95Error,
  type ModemState,
  type MqttClient,
  type OpenOptions,
  openM95,
  type PacketInfo,
  type PublishPacket,
  powerSwitch,
  type Recovery,
  type Stats,
  streamUart,
  systemClock,
  type TlsFiles,
  type Uart,
} from "../../targets/node/index.js";

/** Compiles only if both types are the same. */
function same<A, B>(..._proof: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? [] : [never]) {}

export async function opening(stream: Duplex, uart: Uart, clock: Clock): Promise<void> {
  const modem = await openM95("/dev/ttyUSB0", { apn: "internet", baudRate: 9600, flowControl: "hardware" });
  same<typeof modem, M95>();
  await openM95(stream, { apn: { name: "internet", username: "u", password: "p" }, pin: "1234", clock });
  await openM95(stream);
  new M95({ uart, apn: "internet" });
  new M95({ uart: streamUart(stream), clock: systemClock, recovery: { attempts: 5 } });
  const pins = { pwrkey: { write(_level: 0 | 1) {} }, status: { read: (): 0 | 1 => 1 } };
  const tls: TlsFiles = { ca: "ca.pem", cert: "device.pem", key: Buffer.of(1) };
  await openM95(stream, { tls });
  const options: OpenOptions = { power: powerSwitch(pins, systemClock) };
  await openM95(stream, options);
  same<typeof boards extends object ? true : false, true>();
  // @ts-expect-error a port is a path or a stream
  await openM95(5);
  // @ts-expect-error there is no such flow control
  await openM95(stream, { flowControl: "rts" });
  // @ts-expect-error the stream is the uart
  await openM95(stream, { uart });
  // @ts-expect-error a uart is needed
  new M95({ apn: "internet" });
}

export async function modem(modem: M95): Promise<void> {
  same<typeof modem.state, ModemState>();
  same<typeof modem.stats, Stats>();
  modem
    .on("state", (state) => same<typeof state, ModemState>())
    .on("ready", () => {})
    .on("urc", (text) => same<typeof text, string>())
    .on("recovery", (what) => same<typeof what, Recovery>())
    .on("trace", (direction) => same<typeof direction, "<" | ">" | "">())
    .once("error", (error) => {
      same<typeof error, Error>();
      if (error instanceof M95Error) error.code satisfies string;
    });
  // @ts-expect-error there is no such event
  modem.on("reday", () => {});
  // @ts-expect-error a state is no number
  modem.on("state", (_state: number) => {});
  modem.start((error) => error?.message);
  await modem.startAsync();
  same<string[], Awaited<ReturnType<typeof modem.commandAsync>>>();
  same<Battery, Awaited<ReturnType<typeof modem.batteryAsync>>>();
  modem.command("AT+CSQ", (error, lines) => error ?? lines?.[0]);
  modem.command("AT+QFUPL", { prompt: "CONNECT", data: "x", timeout: 1 }, (_error, _lines) => {});
  same<typeof modem.asleep, boolean>();
  modem.sleep((error) => error?.message);
  await modem.wakeAsync();
  await modem.stopAsync();
  modem.close();
}

export function rounds(modem: M95): void {
  const own = cycle(modem, {
    every: 15 * 60_000,
    connect: { host: "broker.example", clientId: "meter-17" },
    work: (client, done) => {
      same<typeof client, MqttClient>();
      client.on("message", (topic, payload) => `${topic} ${String(payload)}`);
      client.publish("meter/17/value", "42", { qos: 1 }, done);
    },
    round: (error, { took, failures, next }) => [error?.message, took + failures + next],
  });
  own.end((error) => error?.message);
  // @ts-expect-error work is needed
  cycle(modem, { every: 1000, connect: { host: "broker.example" } });
}

export async function client(modem: M95): Promise<void> {
  const options: ConnectOptions = {
    host: "broker.example",
    will: { topic: "a", payload: Buffer.of(1), qos: 1, retain: true },
    unknown: "resend",
  };
  const client = modem.connect(options);
  same<typeof client, MqttClient>();
  same<typeof client.state, ClientState>();
  client
    .on("connect", () => {})
    .on("message", (topic, payload, packet) => {
      same<typeof topic, string>();
      same<typeof payload, Buffer>();
      packet satisfies PacketInfo;
      same<typeof packet, PublishPacket>();
    })
    .on("close", (reason) => same<typeof reason, Error | undefined>())
    .on("packetsend", ({ cmd, messageId, topic, topics }) => `${cmd} ${messageId} ${topic ?? topics?.join()}`)
    .off("offline", () => {});
  // @ts-expect-error payloads are Buffers
  client.on("message", (_topic: string, _payload: string) => {});
  // @ts-expect-error there is no such event
  client.on("mesage", () => {});
  client.publish("a", "b").publish("a", new Uint8Array(1), { qos: 1, retain: true }, (error) => error);
  same<Grant[], Awaited<ReturnType<typeof client.subscribeAsync>>>();
  client.subscribe(["a", "b"], { qos: 1 }, (_error, granted) => granted?.[0]?.qos);
  await client.subscribeAsync({ a: { qos: 0 }, b: { qos: 2 } });
  await client.unsubscribeAsync("a");
  await client.publishAsync("a", new ArrayBuffer(1));
  await client.endAsync(true);
  // @ts-expect-error there is no QoS 3
  client.publish("a", "b", { qos: 3 });
  // @ts-expect-error a broker has a host
  modem.connect({ port: 1883 });
}
