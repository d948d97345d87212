// End to end: TLS. The driver brings certificates into a virtual M95, whose connection Mosquitto accepts or not.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import type { ConnectOptions, M95Error } from "../../targets/node/index.js";
import { type CertificateOptions, type Issued, makeCertificate } from "../support/certificates.js";
import { type MosquittoTls, startMosquitto } from "../support/mosquitto.js";
import { testWith } from "../support/test-with.js";
import { connect, type ModemOptions, type OpenedModem, openModem, until } from "./rig.js";

const test = testWith("mosquitto");
const host = "broker.example";
const year = 365 * 86_400_000;

/** Made once: keys take their time. */
const authority = makeCertificate({ name: "Test CA", ca: true });
const otherAuthority = makeCertificate({ name: "Other CA", ca: true });
const server = issue({ name: host, hosts: [host], usage: "server" });
const client = issue({ name: "meter-17", usage: "client" });

async function issue(options: CertificateOptions): Promise<Issued> {
  return makeCertificate({ signer: await authority, ...options });
}

async function caPem(): Promise<string> {
  return (await authority).cert;
}

async function ours(): Promise<{ ca: string; cert: string; key: string }> {
  const { cert, key } = await client;
  return { ca: await caPem(), cert, key };
}

/** A Mosquitto of one's own and a modem in front of it. */
async function rig(t: ExecutionContext, settings: MosquittoTls, options: ModemOptions = {}): Promise<OpenedModem> {
  const broker = await startMosquitto({ tls: settings });
  t.teardown(() => broker.stop());
  return openModem(t, broker.port, options);
}

/** The first error of a client that cannot connect. */
async function failure({ modem }: OpenedModem, options: Partial<ConnectOptions>): Promise<M95Error> {
  const errors: M95Error[] = [];
  const party = modem.connect({ host, reconnectPeriod: 0, ...options });
  party.on("error", (error) => errors.push(error as M95Error));
  await until("the error", () => errors.length > 0);
  await party.endAsync(true);
  return errors[0]!;
}

test("power on, certificates uploaded, the clock set, a client certificate demanded and shown, messages both ways", async (t) => {
  const opened = await rig(t, { ...(await server), clientCa: await caPem() }, { off: true });
  const { modem, virtual } = opened;
  const { client: party, inbox } = await connect(modem, { tls: { ...(await ours()), context: 2 } });
  await party.subscribeAsync("a/b", { qos: 2 });
  await party.publishAsync("a/b", "through TLS", { qos: 2 });
  await until("the message", () => inbox.length > 0);
  t.deepEqual(inbox, [{ topic: "a/b", payload: Buffer.from("through TLS") }]);
  await party.endAsync();
  await modem.stopAsync();
  t.deepEqual(virtual.violations, []);
});

test("files by name, tls of the modem, two clients in one context; RAM is empty after a reboot and filled again", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "m95-tls-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const names = { ca: join(folder, "ca"), cert: join(folder, "cert"), key: join(folder, "key") };
  for (const [field, text] of Object.entries(await ours())) await writeFile(join(folder, field), text);
  const opened = await rig(t, { ...(await server), clientCa: await caPem() }, { modem: { tls: names } });
  const { modem, virtual } = opened;
  const [one, other] = await Promise.all([connect(modem), connect(modem)]);
  let back = 0;
  for (const { client: party } of [one, other]) party.on("connect", () => back++);
  virtual.reboot();
  await until("both to be back", () => back === 2);
  await one.client.publishAsync("a", "b", { qos: 1 });
  t.deepEqual(virtual.violations, []);
});

test("securityLevel 1 verifies the broker, 0 nobody", async (t) => {
  const opened = await rig(t, await server);
  const { client: verified } = await connect(opened.modem, { tls: { ca: await caPem(), securityLevel: 1 } });
  t.true(verified.connected);
  await verified.endAsync();
  const self = await rig(
    t,
    await makeCertificate({ name: "other.example", notAfter: new Date(Date.now() - year / 2) }),
  );
  const { client: unverified } = await connect(self.modem, { tls: { securityLevel: 0 } });
  t.true(unverified.connected);
  await unverified.endAsync();
});

test("a handshake that fails is EOPEN with result -1 and what to look at", async (t) => {
  const ca = await caPem();
  const past = { notBefore: new Date(Date.now() - year), notAfter: new Date(Date.now() - year / 2) };
  const cases: [string, MosquittoTls, NonNullable<ConnectOptions["tls"]>][] = [
    ["wrong CA", await server, { ca: (await otherAuthority).cert }],
    ["expired", await issue({ name: host, hosts: [host], ...past }), { ca }],
    ["wrong host name", await issue({ name: "other.example", hosts: ["other.example"] }), { ca }],
    ["no client certificate", { ...(await server), clientCa: ca }, { ca }],
    ["another's key", { ...(await server), clientCa: ca }, { ...(await ours()), key: (await server).key }],
    ["SSL 3.0", await server, { ca, version: 0 }],
  ];
  for (const [what, broker, tls] of cases) {
    const opened = await rig(t, broker);
    const error = await failure(opened, { tls });
    t.like(error, { code: "EOPEN", result: -1 }, what);
    t.regex(error.message, /with TLS, look at the modem's clock, ca/, what);
  }
});

test("a certificate without its key is refused at once, level 2 without either too", async (t) => {
  const opened = await rig(t, await server);
  const { ca, cert, key } = await ours();
  for (const [field, tls] of [
    ["tls.key", { ca, cert }],
    ["tls.cert", { ca, key }],
    ["tls.cert", { ca, securityLevel: 2 as const }],
    ["tls.ca", true],
  ] as const) {
    t.throws(() => opened.modem.connect({ host, tls }), { code: "EPARAM", message: new RegExp(field) });
  }
});

test("nobody knows the time: the error says so; ignoreTime or the network's time help", async (t) => {
  const ca = await caPem();
  const modem = { wallClock: undefined } as unknown as NonNullable<ModemOptions["modem"]>;
  const opened = await rig(t, await server, { modem });
  const error = await failure(opened, { tls: { ca } });
  t.like(error, { code: "EOPEN", result: -1 });
  t.regex(error.message, /the modem's clock \(not set\)/);
  const { client: careless } = await connect(opened.modem, { tls: { ca, ignoreTime: true } });
  await careless.endAsync();
  const iso = new Date().toISOString();
  const networkTime = `${iso.slice(2, 10).replaceAll("-", "/")},${iso.slice(11, 19)}+00`;
  const told = await rig(t, await server, { modem, virtual: { networkTime } });
  const { client: sure } = await connect(told.modem, { tls: { ca } });
  t.true(sure.connected);
  await sure.endAsync();
});
