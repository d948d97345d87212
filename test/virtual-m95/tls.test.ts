// TLS of the virtual modem as a host by hand sees it: files and settings through AT commands, then real handshakes with
// Mosquitto and node:tls. The driver has no part in it.

import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import test, { type ExecutionContext } from "ava";
import { tcpNetwork, type VirtualM95, type VirtualM95Options } from "../../virtual-m95/index.js";
import { type CertificateOptions, type Issued, makeCertificate } from "../support/certificates.js";
import { type MosquittoTls, startMosquitto } from "../support/mosquitto.js";
import { testWith } from "../support/test-with.js";
import { listen, modemOn, online, type Say } from "./live.js";
import { cmeError, ok, running } from "./rig.js";

const withMosquitto = testWith("mosquitto");
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

/** What stands in the modem's files; `undefined`: nothing. */
interface Files {
  ca?: string;
  cert?: string;
  key?: string;
}

/** A running modem with its files in RAM and context 2 set up, its time right; `dial` gives what +QMTOPEN said. */
async function modemWith(
  t: ExecutionContext,
  port: number,
  files: Files,
  settings: string[],
  options: Partial<VirtualM95Options> = {},
): Promise<{ modem: VirtualM95; say: Say; dial(): Promise<string>; said: string[] }> {
  const said: string[] = [];
  const { modem, say } = modemOn({
    network: tcpNetwork({ only: ["127.0.0.1", port] }),
    clockTime: cclk(Date.now()),
    trace: (direction, text) => direction === "net" && said.push(text),
    ...options,
  });
  t.teardown(() => modem.dispose());
  await online(say);
  t.is(await say('AT+QMTCFG="SSL",0,1,2\r', ok), ok);
  for (const [type, text] of [
    ["cacert", files.ca],
    ["clientcert", files.cert],
    ["clientkey", files.key],
  ] as const) {
    if (text === undefined) continue;
    t.is(await say(`AT+QSECWRITE="RAM:${type}",${text.length},100\r`, "CONNECT\r\n"), "\r\nCONNECT\r\n");
    t.true((await say(text, ok)).startsWith(`\r\n+QSECWRITE: ${text.length},`));
    t.is(await say(`AT+QSSLCFG="${type}",2,"RAM:${type}"\r`, ok), ok);
  }
  for (const setting of settings) t.is(await say(`AT+QSSLCFG=${setting}\r`, ok), ok, setting);
  const dial = async (): Promise<string> => {
    const heard = await say(`AT+QMTOPEN=0,"${host}",8883\r`, "+QMTOPEN: 0,");
    return /\+QMTOPEN: 0,(-?\d)/.exec(heard)![1]!;
  };
  return { modem, say, dial, said };
}

/** As AT+CCLK has it. */
function cclk(ms: number): string {
  const iso = new Date(ms).toISOString();
  return `${iso.slice(2, 10).replaceAll("-", "/")},${iso.slice(11, 19)}+00`;
}

/** The port of a Mosquitto of one's own. */
async function mosquitto(t: ExecutionContext, settings: MosquittoTls): Promise<number> {
  const broker = await startMosquitto({ tls: settings });
  t.teardown(() => broker.stop());
  return broker.port;
}

/** A server that takes every handshake it can and hangs up; what it saw of each is in `seen`. */
async function tlsServer(t: ExecutionContext, options: tls.TlsOptions) {
  const seen: string[] = [];
  const listener = tls.createServer(options, (socket) => {
    seen.push(
      [socket.getProtocol(), socket.getCipher().name, (socket as { servername?: unknown }).servername].join(" "),
    );
    socket.on("error", () => socket.destroy());
    socket.resume();
  });
  listener.on("tlsClientError", () => {});
  t.teardown(() => listener.close());
  return { port: await listen(listener), seen };
}

withMosquitto(
  "seclevel 2: a broker that demands a client certificate gets one, messages pass, nothing is amiss",
  async (t) => {
    const [ca, { cert, key }] = [(await authority).cert, await client];
    const port = await mosquitto(t, { ...(await server), clientCa: ca });
    const { modem, say, dial } = await modemWith(t, port, { ca, cert, key }, ['"seclevel",2,2', '"sslversion",2,3']);
    t.is(await dial(), "0");
    await say('AT+QMTCONN=0,"meter-17"\r', "+QMTCONN: 0,0,0\r\n");
    await say('AT+QMTSUB=0,1,"topic/pub",1\r', "+QMTSUB: 0,1,0,1\r\n");
    await say('AT+QMTPUB=0,2,1,0,"topic/pub"\r', ">");
    await say("through TLS\x1a", '"topic/pub",through TLS\r\n');
    await say("AT+QMTDISC=0\r", "+QMTDISC: 0,0\r\n");
    t.deepEqual(modem.violations, []);
  },
);

withMosquitto(
  "seclevel 1 is enough for a broker that asks for no certificate, and not for one that does",
  async (t) => {
    const ca = (await authority).cert;
    const open = await mosquitto(t, await server);
    t.is(await (await modemWith(t, open, { ca }, ['"seclevel",2,1'])).dial(), "0");
    const demanding = await mosquitto(t, { ...(await server), clientCa: ca });
    const { dial, said } = await modemWith(t, demanding, { ca }, ['"seclevel",2,1']);
    t.is(await dial(), "-1");
    t.regex(said.at(-1)!, /alert|handshake|reset/i);
  },
);

withMosquitto("seclevel 0 needs no file and looks at nothing", async (t) => {
  const wrong = await makeCertificate({ name: "other.example", notAfter: new Date(Date.now() - year / 2) });
  const port = await mosquitto(t, wrong);
  t.is(await (await modemWith(t, port, {}, ['"seclevel",2,0'])).dial(), "0");
});

withMosquitto("the modem refuses: wrong CA, expired, not yet valid, another name; and says only -1", async (t) => {
  const ca = (await authority).cert;
  const level = ['"seclevel",2,1'];
  const refused = async (broker: Issued, files: Files, why: RegExp): Promise<void> => {
    const port = await mosquitto(t, broker);
    const { dial, said } = await modemWith(t, port, files, level);
    t.is(await dial(), "-1");
    t.regex(said.at(-1)!, why);
  };
  await refused(await server, { ca: (await otherAuthority).cert }, /no CA certificate of the modem vouches for broker/);
  const [past, future] = [new Date(Date.now() - year), new Date(Date.now() + year)];
  const expired = { notBefore: past, notAfter: new Date(Date.now() - year / 2) };
  await refused(await issue({ name: host, hosts: [host], ...expired }), { ca }, /expired on/);
  const early = { notBefore: new Date(Date.now() + year / 2), notAfter: future };
  await refused(await issue({ name: host, hosts: [host], ...early }), { ca }, /not valid before/);
  await refused(await issue({ name: "other.example", hosts: ["other.example"] }), { ca }, /not for broker\.example/);
});

withMosquitto("what is in the modem decides: no key, no certificate, the key of another", async (t) => {
  const ca = (await authority).cert;
  const { cert, key } = await client;
  const port = await mosquitto(t, { ...(await server), clientCa: ca });
  const level = ['"seclevel",2,2'];
  const cases: [Files, RegExp][] = [
    [{ ca, cert }, /seclevel 2 needs clientkey/],
    [{ ca, key }, /seclevel 2 needs clientcert/],
    [{ cert, key }, /seclevel 2 needs cacert/],
    [{ ca, cert, key: (await server).key }, /key values mismatch/],
    [{ ca, cert, key: "not a key" }, /TLS: /],
    [{ ca: "not a certificate", cert, key }, /no CA certificate/],
  ];
  for (const [files, why] of cases) {
    const { dial, said } = await modemWith(t, port, files, level);
    t.is(await dial(), "-1", String(why));
    t.regex(said.at(-1)!, why);
  }
});

withMosquitto("the clock in 2004: every certificate is not yet valid, until the clock is set or ignored", async (t) => {
  const ca = (await authority).cert;
  const port = await mosquitto(t, await server);
  const unset = { clockTime: "04/01/01,00:00:00+00" };
  const { say, dial, said } = await modemWith(t, port, { ca }, ['"seclevel",2,1'], unset);
  t.is(await dial(), "-1");
  t.regex(said.at(-1)!, /not valid before .*, the clock says 2004-01-01/);
  await say('AT+QSSLCFG="ignorertctime",1\r', ok);
  t.is(await dial(), "0");
  await say("AT+QMTCLOSE=0\r", "+QMTCLOSE: 0,0");
  await say('AT+QSSLCFG="ignorertctime",0\r', ok);
  t.is(await dial(), "-1");
  await say(`AT+CCLK="${cclk(Date.now())}"\r`, ok);
  t.is(await dial(), "0");
});

withMosquitto("quirk tlsHostName false: only the chain counts", async (t) => {
  const port = await mosquitto(t, await issue({ name: "other.example", hosts: ["other.example"] }));
  const quirks = { tlsHostName: false };
  const { dial } = await modemWith(t, port, { ca: (await authority).cert }, ['"seclevel",2,1'], { quirks });
  t.is(await dial(), "0");
});

test("a chain through an intermediate CA; a CA file that has only the intermediate is not enough", async (t) => {
  const intermediate = await issue({ name: "Intermediate", ca: true });
  const leaf = await makeCertificate({ name: host, hosts: [host], signer: intermediate });
  const { port } = await tlsServer(t, { cert: leaf.cert + intermediate.cert, key: leaf.key });
  const level = ['"seclevel",2,1'];
  t.is(await (await modemWith(t, port, { ca: (await authority).cert }, level)).dial(), "0");
  t.is(await (await modemWith(t, port, { ca: intermediate.cert }, level)).dial(), "-1");
  t.is(await (await modemWith(t, port, { ca: intermediate.cert + (await authority).cert }, level)).dial(), "0");
  const lonely = await tlsServer(t, { cert: leaf.cert, key: leaf.key });
  t.is(await (await modemWith(t, lonely.port, { ca: (await authority).cert }, level)).dial(), "-1");
});

test("a certificate signed with SHA-384 or by an ECDSA key is too new; one that vouches for itself is fine", async (t) => {
  const level = ['"seclevel",2,1'];
  const strong = await issue({ name: host, hosts: [host], hash: "sha384" });
  const first = await tlsServer(t, strong);
  const one = await modemWith(t, first.port, { ca: (await authority).cert }, level);
  t.is(await one.dial(), "-1");
  t.regex(one.said.at(-1)!, /signed with RSA-SHA384/);
  const curve = await makeCertificate({ name: "EC CA", ca: true, key: "ec" });
  const second = await tlsServer(t, await makeCertificate({ name: host, hosts: [host], signer: curve }));
  t.is(await (await modemWith(t, second.port, { ca: curve.cert }, level)).dial(), "-1");
  const self = await makeCertificate({ name: host, hosts: [host] });
  const third = await tlsServer(t, self);
  t.is(await (await modemWith(t, third.port, { ca: self.cert }, level)).dial(), "0");
});

test("sslversion and ciphersuite decide what is offered; no server name is sent", async (t) => {
  const { cert, key } = await server;
  const { port, seen } = await tlsServer(t, { cert, key, minVersion: "TLSv1", ciphers: "ALL:@SECLEVEL=0" });
  const { say, dial, said } = await modemWith(t, port, {}, []);
  const offered = async (version: number, suite: string): Promise<string> => {
    await say(`AT+QSSLCFG="sslversion",2,${version}\r`, ok);
    await say(`AT+QSSLCFG="ciphersuite",2,"${suite}"\r`, ok);
    const result = await dial();
    if (result !== "0") return result;
    while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await say("AT+QMTCLOSE=0\r", "+QMTCLOSE: 0,0");
    return seen.pop()!;
  };
  t.is(await offered(1, "0X0035"), "TLSv1 AES256-SHA false");
  t.is(await offered(2, "0X002F"), "TLSv1.1 AES128-SHA false");
  t.is(await offered(3, "0X003D"), "TLSv1.2 AES256-SHA256 false");
  t.is(await offered(4, "0x002f"), "TLSv1.2 AES128-SHA false");
  t.regex(await offered(4, "0XFFFF"), /^TLSv1\.2 AES256-SHA(256)? false$/);
  t.is(await offered(0, "0XFFFF"), "-1");
  t.regex(said.at(-1)!, /SSL 3\.0 is not simulated/);
  // RC4 is not in OpenSSL any more; a suite of TLS 1.2 cannot serve TLS 1.0.
  t.is(await offered(4, "0X0005"), "-1");
  t.is(await offered(1, "0X003D"), "-1");
});

test("servers that are too new: TLS 1.3 only, ECDHE only, an ECDSA certificate", async (t) => {
  const { cert, key } = await server;
  const curve = await issue({ name: host, hosts: [host], key: "ec" });
  for (const options of [
    { cert, key, minVersion: "TLSv1.3" },
    { cert, key, maxVersion: "TLSv1.2", ciphers: "ECDHE-RSA-AES128-GCM-SHA256" },
    { cert: curve.cert, key: curve.key },
  ] satisfies tls.TlsOptions[]) {
    const { port, seen } = await tlsServer(t, options);
    t.is(await (await modemWith(t, port, {}, ['"sslversion",2,4'])).dial(), "-1");
    t.deepEqual(seen, []);
  }
});

test("a server that says nothing: negotiatetime ends the wait, a broker without TLS is -1 at once", async (t) => {
  const sockets: net.Socket[] = [];
  const mute = net.createServer((socket) => sockets.push(socket.resume()));
  const rude = net.createServer((socket) => socket.end("no TLS here"));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    mute.close();
    rude.close();
  });
  const waiting = await modemWith(t, await listen(mute), {}, ['"negotiatetime",2,10']);
  const begun = waiting.modem.options.clock.now();
  t.is(await waiting.dial(), "-1");
  const lasted = waiting.modem.options.clock.now() - begun;
  t.true(lasted >= 10_000 && lasted < 40_000, String(lasted));
  if (sockets[0] && !sockets[0].closed) await once(sockets[0], "close");
  t.is(await (await modemWith(t, await listen(rude), {}, [])).dial(), "-1");
});

test("AT+QSSLCFG is strict: types, ranges, quotes, files, suites, the note's typing error", (t) => {
  const rig = running();
  rig.say("ATE0;+CMEE=1\r");
  const good = [
    '"sslversion",0,4',
    '"SSLVersion",5,0',
    '"seclevel",0,2',
    '"negotiatetime",0,300',
    '"ciphersuite",0,"0X0035"',
    '"ciphersuite",0,"0xffff"',
    '"cacert",0,"RAM:ca.pem"',
    '"clientcert",0,"NVRAM:CC0"',
    '"clientkey",0,"RAM:key"',
    '"ignorertctime",1',
    '"https",0',
    '"httpsctxi",5',
  ];
  for (const setting of good) t.is(rig.say(`AT+QSSLCFG=${setting}\r`), ok, setting);
  const bad = [
    '"sslversion",0,5',
    '"sslversion",6,1',
    '"sslversion",0',
    '"sslversion",0,"1"',
    "sslversion,0,1",
    '"secllevel",0,2',
    '"seclevel",0,3',
    '"seclevel",0,1,1',
    '"negotiatetime",0,9',
    '"ciphersuite",0,0X0035',
    '"ciphersuite",0,"0XC02F"',
    '"cacert",0,RAM:ca',
    '"cacert",0,"ca.pem"',
    '"cacert",0,"UFS:ca.pem"',
    '"cacert",0,"NVRAM:mine"',
    '"ignorertctime",0,1',
    '"ignorelocaltime",0,1',
    '"nosuch",0,1',
  ];
  for (const setting of bad) t.is(rig.say(`AT+QSSLCFG=${setting}\r`), cmeError(3518), setting);
  t.is(rig.kinds.length, bad.length);
  const free = running({ quirks: { secllevel: true, nvramAnyName: true } });
  free.say("ATE0\r");
  t.is(free.say('AT+QSSLCFG="secllevel",0,2;+QSSLCFG="cacert",0,"NVRAM:mine"\r'), ok);
});

test("files: sizes, names, the room in RAM, a missing one", (t) => {
  const rig = running();
  rig.say("ATE0;+CMEE=1\r");
  for (const [command, error] of [
    ['AT+QSECWRITE="RAM:a",32769', 3518],
    ['AT+QSECWRITE="RAM:a",0', 3518],
    ['AT+QSECWRITE="NVRAM:CA0",2018', 3518],
    ['AT+QSECWRITE="NVRAM:any",10', 3518],
    ['AT+QSECWRITE="RAM:",10', 3518],
    ['AT+QSECWRITE="RAM:a",10,0', 3518],
    ['AT+QSECWRITE="RAM:a"', 3518],
    ['AT+QSECREAD="RAM:a"', 22],
  ] as const) {
    t.is(rig.say(`${command}\r`), cmeError(error), command);
  }
  t.is(rig.say('AT+QSECWRITE="RAM:a",32000,100,0\r'), "\r\nCONNECT\r\n");
  t.is(rig.say("x".repeat(32_000), 10_000), `\r\n+QSECWRITE: 32000,0\r\n${ok}`);
  t.is(rig.say('AT+QSECWRITE="RAM:b",769,5\r'), cmeError(20));
  t.is(rig.say('AT+QSECDEL="RAM:a"\r'), ok);
  t.is(rig.say('AT+QSECWRITE="RAM:b",2,5\r'), "\r\nCONNECT\r\n");
  t.is(rig.say("AB"), `\r\n+QSECWRITE: 2,4142\r\n${ok}`);
  const kind = running({ quirks: { secReadMissing: true } });
  kind.say("ATE0\r");
  t.is(kind.say('AT+QSECREAD="RAM:a"\r'), `\r\n+QSECREAD: 0,0\r\n${ok}`);
});

test("in memory: without a certificate every handshake succeeds, with one it is looked at on simulated time", async (t) => {
  const { cert, key } = await client;
  const ca = (await authority).cert;
  const rig = running({ clockTime: cclk(Date.now()) }).online(t);
  rig.say('AT+QMTCFG="SSL",0,1,2\r');
  for (const [type, text] of Object.entries({ cacert: ca, clientcert: cert, clientkey: key })) {
    rig.say(`AT+QSECWRITE="RAM:${type}",${text.length}\r`);
    rig.say(text);
    rig.say(`AT+QSSLCFG="${type}",2,"RAM:${type}"\r`);
  }
  rig.say('AT+QSSLCFG="seclevel",2,2\r');
  const dial = (to = host): string => {
    const heard = rig.say(`AT+QMTOPEN=0,"${to}",8883\r`);
    rig.say("AT+QMTCLOSE=0\r");
    return heard;
  };
  t.is(dial(), `${ok}\r\n+QMTOPEN: 0,0\r\n`);
  rig.broker.network.certificate = (await server).cert;
  t.is(dial(), `${ok}\r\n+QMTOPEN: 0,0\r\n`);
  t.is(dial("other.example"), `${ok}\r\n+QMTOPEN: 0,-1\r\n`);
  rig.clock.advance(2 * year);
  t.is(dial(), `${ok}\r\n+QMTOPEN: 0,-1\r\n`);
  rig.say('AT+QSSLCFG="ignorertctime",1\r');
  t.is(dial(), `${ok}\r\n+QMTOPEN: 0,0\r\n`);
  rig.say(`AT+QSECDEL="RAM:clientkey";+QSECWRITE="RAM:clientkey",${(await server).key.length}\r`);
  rig.say((await server).key);
  t.is(dial(), `${ok}\r\n+QMTOPEN: 0,-1\r\n`);
});

test("the network's time is in AT+QLTS and, with AT+CTZU, becomes the module's at registration", (t) => {
  const rig = running({ networkTime: "19/07/06,17:26:27+22" });
  rig.say("ATE0\r");
  t.true(rig.say("AT+CCLK?\r").includes('"04/01/01,'));
  t.true(rig.say("AT+QLTS\r").includes('+QLTS: "19/07/06,17:26:'));
  rig.say("AT+CTZU=3;+CFUN=0\r");
  rig.say("AT+CFUN=1\r", 10_000);
  t.regex(rig.say("AT+CCLK?\r"), /"19\/07\/06,17:26:\d\d\+22"/);
});
