// TLS options as the commands they become, the check of PEM texts, and the modem's checksum. What goes over the line is
// tested in test/tls.
import { binary } from "../../../core/codec.js";
import { M95Error } from "../../../core/errors.js";
import type { TlsOptions } from "../../../core/m95/options.js";
import { checkPem, checksum, secure, type Tls, type TlsHost } from "../../../core/m95/tls.js";
import test from "../../support/harness.js";

function pem(label: string, body = "TUlJQw==", end = "\n"): string {
  return `-----BEGIN ${label}-----${end}${body}${end}-----END ${label}-----${end}`;
}
const ca = pem("CERTIFICATE", "Y2E=");
const cert = pem("CERTIFICATE", "Y2VydA==");
const key = pem("RSA PRIVATE KEY", "a2V5");

/** An M95 without a line. */
function host(tls?: TlsOptions): TlsHost {
  const one = {
    codec: binary(),
    wallClock: undefined,
    tls: undefined,
    session: { send() {} },
    clients: [],
    listenerThrew() {},
  } as TlsHost;
  if (tls) (one as { tls: Tls | undefined }).tls = secure.call(one, -1, tls);
  return one;
}

const commands = (tls: boolean | TlsOptions, base?: TlsOptions) =>
  secure.call(host(base), 0, tls)!.commands.map((text) => text.replace("AT+QSSLCFG=", ""));

test("the modem's checksum: XOR of 16-bit words, the first byte high, an odd tail padded with 0", (t) => {
  const vectors: [text: string, sum: string][] = [
    ["", "0"],
    ["A", "4100"],
    ["AB", "4142"],
    ["ABC", "242"],
    ["hello", "6b09"],
    ["hello\n", "6b03"],
    ["123456789", "3908"],
  ];
  for (const [text, sum] of vectors) t.is(checksum(text).toString(16), sum, text);
});

test("what is PEM text", (t) => {
  const good: [field: string, text: string][] = [
    ["ca", ca],
    ["ca", ca + cert],
    ["ca", `${ca}\n${cert}`],
    ["ca", ca.trim()],
    ["cert", pem("CERTIFICATE", "AA+/zz09\nAAA=")],
    ["cert", pem("CERTIFICATE", "AA+/zz09", "\r\n")],
    ["key", key],
    ["key", pem("PRIVATE KEY")],
    ["key", pem("EC PRIVATE KEY")],
  ];
  for (const [field, text] of good) t.is(checkPem(field, text), checksum(text), text);
});

test("what is not: the error names the field, and holds nothing of the text", (t) => {
  const secret = "c2VjcmV0";
  const encrypted = `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n${secret}\n-----END RSA PRIVATE KEY-----\n`;
  const bad: [field: string, text: string, message: RegExp][] = [
    ["ca", "", /^tls\.ca must not be empty$/],
    ["ca", "0\x82\x03\x41", /^tls\.ca must be PEM text, begin with -----BEGIN and have nothing around it$/],
    ["ca", secret, /^tls\.ca must be PEM text/],
    ["ca", `\n${ca}`, /^tls\.ca must be PEM text.*nothing around it/],
    ["ca", `# my root\n${ca}`, /^tls\.ca must be PEM text.*nothing around it/],
    ["ca", `${ca}# my root`, /^tls\.ca must be PEM text.*nothing around it/],
    ["ca", "-----BEGIN CERTIFICATE", /^tls\.ca must be PEM text/],
    ["ca", "-----BEGIN CERTIFICATE-----", /^tls\.ca must have base64 up to -----END CERTIFICATE-----$/],
    ["ca", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", /^tls\.ca must have base64 up to/],
    ["ca", `-----BEGIN CERTIFICATE-----\n${secret}\n`, /^tls\.ca must have base64 up to -----END CERTIFICATE-----$/],
    ["ca", ca.replace("-----END", "----END"), /^tls\.ca must have base64 up to/],
    ["ca", ca.replace("END CERTIFICATE", "END PRIVATE KEY"), /^tls\.ca must have base64 up to/],
    ["ca", pem("CERTIFICATE", `${secret}\n-----BEGIN CERTIFICATE-----`), /^tls\.ca must have base64 up to/],
    ["cert", pem("CERTIFICATE", `  ${secret}`), /^tls\.cert must have base64 up to/],
    [
      "cert",
      pem("CERTIFICATE", `${secret}\t`),
      /^tls\.cert must have base64 between its marks, not control characters$/,
    ],
    ["cert", pem("CERTIFICATE", `${secret}\\n`), /^tls\.cert must have base64 between its marks, not \\ at 36$/],
    ["cert", pem("CERTIFICATE", `${secret}\0`), /not control characters$/],
    ["cert", pem("CERTIFICATE", `${secret}*`), /not \* at 36$/],
    ["cert", pem("CERTIFICATE", `${secret}\xe9`), /not control characters$/],
    ["cert", `${pem("CERTIFICATE", secret, "\r\n")}\n`, /^tls\.cert must have the same line end everywhere$/],
    ["cert", pem("CERTIFICATE", secret, "\r"), /^tls\.cert must have the same line end everywhere$/],
    ["cert", key, /^tls\.cert must be a CERTIFICATE, not a RSA PRIVATE KEY; is it swapped with tls\.key\?$/],
    ["key", cert, /^tls\.key must be a PRIVATE KEY, not a CERTIFICATE; is it swapped with tls\.cert\?$/],
    ["ca", pem("CERTIFICATE REQUEST", secret), /^tls\.ca must be a CERTIFICATE, not a CERTIFICATE REQUEST$/],
    [
      "key",
      pem("EC PARAMETERS") + pem("EC PRIVATE KEY", secret),
      /^tls\.key must be a PRIVATE KEY, not a EC PARAMETERS/,
    ],
    ["key", encrypted, /^tls\.key must not be encrypted/],
    ["key", pem("ENCRYPTED PRIVATE KEY", secret), /^tls\.key must not be encrypted/],
    ["key", `-----BEGIN RSA PRIVATE KEY\n${secret}${secret}-----`, /^tls\.key must be PEM text/],
  ];
  for (const [field, text, message] of bad) {
    t.is(typeof checkPem(field, text), "string");
    const given = { ca, cert, key, [field]: text };
    const error = t.throws(() => commands(given as never), { code: "EPARAM", message }, text) as M95Error;
    t.true(error instanceof M95Error);
    t.false(error.message.includes("c2Vj"), error.message);
  }
});

test("true with a CA verifies the broker; cert and key make it verify the device too", (t) => {
  t.deepEqual(commands(true, { ca }), [
    '"cacert",0,"RAM:ca0.pem"',
    '"seclevel",0,1',
    '"sslversion",0,3',
    '"ciphersuite",0,"0XFFFF"',
    '"ignorertctime",0',
    '"negotiatetime",0,60',
  ]);
  t.deepEqual(commands({ ca, cert, key, context: 2 }), [
    '"cacert",2,"RAM:ca2.pem"',
    '"clientcert",2,"RAM:cert2.pem"',
    '"clientkey",2,"RAM:key2.pem"',
    '"seclevel",2,2',
    '"sslversion",2,3',
    '"ciphersuite",2,"0XFFFF"',
    '"ignorertctime",0',
    '"negotiatetime",2,60',
  ]);
});

test("a level below what the files allow leaves files out; level 0 takes none and needs no clock", (t) => {
  t.deepEqual(commands({ ca, cert, key, securityLevel: 1 })[0], '"cacert",0,"RAM:ca0.pem"');
  t.is(commands({ ca, cert, key, securityLevel: 1 })[1], '"seclevel",0,1');
  t.deepEqual(commands({ securityLevel: 0, version: 4, cipherSuites: "0x0035" }), [
    '"seclevel",0,0',
    '"sslversion",0,4',
    '"ciphersuite",0,"0x0035"',
    '"negotiatetime",0,60',
  ]);
});

test("NVRAM has fixed names", (t) => {
  t.deepEqual(commands({ ca, cert, key, storage: "NVRAM", context: 5, ignoreTime: true }), [
    '"cacert",5,"NVRAM:CA0"',
    '"clientcert",5,"NVRAM:CC0"',
    '"clientkey",5,"NVRAM:CK0"',
    '"seclevel",5,2',
    '"sslversion",5,3',
    '"ciphersuite",5,"0XFFFF"',
    '"ignorertctime",1',
    '"negotiatetime",5,60',
  ]);
});

test("a client's options stand before the M95's, and undefined does not", (t) => {
  const base: TlsOptions = { ca, version: 4, context: 1 };
  t.is(commands({ version: 3, ca: undefined as never }, base)[2], '"sslversion",1,3');
  t.is(commands({ cert, key }, base)[3], '"seclevel",1,2');
  t.is(secure.call(host(base), 0, undefined)!.context, 1);
  t.is(secure.call(host(base), 0, false), undefined);
  t.is(secure.call(host(), 0, undefined), undefined);
});

test("a context that was configured by other means", (t) => {
  const tls = secure.call(host(), 0, { context: 3, configured: true })!;
  t.is(tls.context, 3);
  t.deepEqual([tls.commands, tls.uses], [[], []]);
});

test("bad options: the error names option and limit", (t) => {
  const bad: [tls: unknown, code: string, message: RegExp][] = [
    [true, "EPARAM", /^tls\.ca must be given, or tls\.securityLevel be 0/],
    [{}, "EPARAM", /^tls\.ca must be given/],
    [{ context: 2 }, "EPARAM", /^tls\.ca must be given/],
    [{ securityLevel: 1 }, "EPARAM", /^tls\.ca must be given/],
    [{ cert, key }, "EPARAM", /^tls\.ca must be given/],
    [{ ca, securityLevel: 2 }, "EPARAM", /^tls\.cert must be given/],
    [{ ca, cert }, "EPARAM", /^tls\.key must be given/],
    [{ ca, key }, "EPARAM", /^tls\.cert must be given/],
    ["yes", "EPARAM", /^tls must be true, false or an object, not "yes"$/],
    [null, "EPARAM", /^tls must be true, false or an object, not null$/],
    [{ ca, securityLevel: 3 }, "EPARAM", /^tls\.securityLevel must be an integer 0\.\.2, not 3$/],
    [{ ca, securityLevel: "1" }, "EPARAM", /^tls\.securityLevel must be an integer 0\.\.2, not "1"$/],
    [{ ca, version: 5 }, "EPARAM", /^tls\.version must be an integer 0\.\.4, not 5$/],
    [{ ca, context: 6 }, "EPARAM", /^tls\.context must be an integer 0\.\.5, not 6$/],
    [{ ca, context: -1 }, "EPARAM", /^tls\.context must be an integer 0\.\.5, not -1$/],
    [{ ca, cipherSuites: 53 }, "EPARAM", /^tls\.cipherSuites must be a string, not 53$/],
    [{ ca, cipherSuites: "0X00350" }, "ETOOBIG", /^tls\.cipherSuites must have at most 6 bytes, not 7$/],
    [
      { ca, cipherSuites: "0X35" },
      "EPARAM",
      /^tls\.cipherSuites must be "0X" and four hexadecimal digits, not "0X35"$/,
    ],
    [{ ca, cipherSuites: "0X00G5" }, "EPARAM", /^tls\.cipherSuites/],
    [{ ca, cipherSuites: "0X 035" }, "EPARAM", /^tls\.cipherSuites/],
    [{ ca, cipherSuites: "000035" }, "EPARAM", /^tls\.cipherSuites/],
    [{ ca, ignoreTime: 1 }, "EPARAM", /^tls\.ignoreTime must be true or false, not 1$/],
    [{ ca, configured: "no" }, "EPARAM", /^tls\.configured must be true or false, not "no"$/],
    [{ ca, storage: "UFS" }, "EPARAM", /^tls\.storage must be "RAM" or "NVRAM", not "UFS"$/],
    [{ ca: 5 }, "EPARAM", /^tls\.ca must be PEM text, not number$/],
    [{ ca: null }, "EPARAM", /^tls\.ca must be PEM text, not object$/],
    [{ ca: pem("CERTIFICATE", "A".repeat(32768)) }, "ETOOBIG", /^tls\.ca must have at most 32768 bytes, not 32823$/],
    [
      { ca: pem("CERTIFICATE", "A".repeat(2000)), storage: "NVRAM" },
      "ETOOBIG",
      /^tls\.ca must have at most 2017 bytes, not 2055$/,
    ],
  ];
  for (const [tls, code, message] of bad) t.throws(() => secure.call(host(), 0, tls as never), { code, message });
});

test("the sizes that just fit", (t) => {
  const sized = (size: number) => pem("CERTIFICATE", "A".repeat(size - 55));
  t.is(sized(2017).length, 2017);
  t.notThrows(() => secure.call(host(), 0, { ca: sized(2017), storage: "NVRAM" }));
  t.notThrows(() => secure.call(host(), 0, { ca: sized(32768) }));
});

test("the M95's own options are checked at once, apart from what a client may add", (t) => {
  t.notThrows(() => host({ version: 4 }));
  t.throws(() => host({ version: 9 as never }), { code: "EPARAM" });
  t.throws(() => host({ ca: key }), { code: "EPARAM", message: /swapped/ });
  t.throws(() => secure.call(host({ version: 4 }), 0, true), { code: "EPARAM", message: /^tls\.ca/ });
  t.notThrows(() => secure.call(host({ version: 4 }), 0, { ca }));
  const base = host({ ca: pem("CERTIFICATE", "A".repeat(2000)) });
  t.throws(() => secure.call(base, 0, { storage: "NVRAM" }), { code: "ETOOBIG" });
});

test("clients share a context if they want the same, and have their own otherwise", (t) => {
  const one = host({ ca });
  const first = secure.call(one, 0, { cert, key })!;
  one.clients[0] = { secure: first };
  t.is(secure.call(one, 1, { cert: `${cert}`, key }), first);
  const clashes: [tls: TlsOptions, message: RegExp][] = [
    [{ cert, key: pem("RSA PRIVATE KEY", "b3RoZXI=") }, /^tls\.key: clients 0 and 1 differ, but share RAM:key0\.pem$/],
    [{ ca: cert, cert, key }, /^tls\.ca: clients 0 and 1 differ, but share RAM:ca0\.pem$/],
    [{ version: 4, cert, key }, /^tls: clients 0 and 1 differ, but share SSL context 0$/],
    [{}, /^tls: clients 0 and 1 differ, but share SSL context 0$/],
    [{ configured: true }, /^tls: clients 0 and 1 differ, but share SSL context 0$/],
    [{ context: 1, ignoreTime: true }, /^tls\.ignoreTime: clients 0 and 1 differ, but share the modem's clock$/],
  ];
  for (const [tls, message] of clashes) t.throws(() => secure.call(one, 1, tls), { code: "EPARAM", message });
  t.not(secure.call(one, 1, { ca: cert, context: 1 }), first);
  t.notThrows(() => secure.call(one, 1, { context: 1, ignoreTime: true, securityLevel: 0 }));
  const nvram = secure.call(one, 1, { context: 1, storage: "NVRAM" })!;
  one.clients[1] = { secure: nvram };
  t.throws(() => secure.call(one, 2, { context: 2, storage: "NVRAM", ca: cert }), {
    message: /^tls\.ca: clients 1 and 2 differ, but share NVRAM:CA0$/,
  });
});
