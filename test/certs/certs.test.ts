// The program m95-certs as a user starts it: what it finds in good and bad sets, what it writes, exit codes.

import { execFile } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import vm from "node:vm";
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { type Block, takeApart } from "../../certs/pem.js";
import { checkSet, type Files, type SetOptions } from "../../certs/set.js";
import { MemoryBroker } from "../../virtual-m95/broker/memory-broker.js";
import { SimClock, VirtualM95 } from "../../virtual-m95/index.js";
import { makeCertificate, pkcs8 } from "../support/certificates.js";

const cli = fileURLToPath(new URL("../../certs/cli.js", import.meta.url));
const host = "broker.example";
const day = 86_400_000;

const authority = makeCertificate({ name: "Test CA", ca: true });
const client = issue({ name: "meter-17", usage: "client" });
const server = issue({ name: host, hosts: [host], usage: "server" });

async function issue(options: Parameters<typeof makeCertificate>[0]) {
  return makeCertificate({ signer: await authority, ...options });
}

interface Run {
  code: number;
  stdout: string;
  stderr: string;
}

function run(args: string[], env: Record<string, string> = {}): Promise<Run> {
  const { NO_COLOR: _no, FORCE_COLOR: _force, ...rest } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [cli, ...args],
      { timeout: 30_000, env: { ...rest, ...env } },
      (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
      },
    );
  });
}

async function folder(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "m95-certs-"));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

type Texts = Partial<Record<"ca" | "cert" | "key" | "server", string | Buffer>>;

/** Writes the files and gives the options that name them. */
async function files(t: ExecutionContext, texts: Texts): Promise<string[]> {
  const directory = await folder(t);
  const args: string[] = [];
  for (const [role, text] of Object.entries(texts)) {
    const file = join(directory, role);
    await writeFile(file, text);
    args.push(`--${role}`, file);
  }
  return args;
}

/** What a check finds: whether it is ok, and the findings as `level role code`. */
function check(texts: Texts, options: Partial<SetOptions> = {}): { ok: boolean; found: string[] } {
  const files: Files = {};
  for (const [role, text] of Object.entries(texts)) {
    files[role as keyof Texts] = { file: role, data: Buffer.from(text as string, "latin1") };
  }
  const { ok, findings } = checkSet(files, { time: Date.now(), storage: "RAM", ...options });
  return { ok, found: findings.map(({ level, role, code }) => `${level} ${role} ${code}`) };
}

async function good(): Promise<Required<Pick<Texts, "ca" | "cert" | "key">> & Record<"ca" | "cert" | "key", string>> {
  const { cert, key } = await client;
  return { ca: (await authority).cert, cert, key };
}

function der(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----.*-----|\n/g, ""), "base64");
}

test("what a certificate calls itself does not reach the terminal as a command", async (t) => {
  const obeyed = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/;
  const name = "Ö\x1b[2J\u009b31m\u202ecod\r\nNo problem found";
  const { cert } = await makeCertificate({ name, ca: true });
  const directory = await folder(t);
  const file = join(directory, "ca\x1b[31m.pem");
  await writeFile(file, cert);
  for (const args of [
    ["check"],
    ["check", "--json"],
    ["bundle", "--for", "node", "--out", join(directory, "o\x1b[1mut")],
  ]) {
    const { stdout, stderr } = await run([...args, "--ca", file]);
    t.notRegex(stdout + stderr, obeyed, args.join(" "));
    t.true(stdout.includes("Ö"), stdout);
    if (args.includes("--json")) t.is(JSON.parse(stdout).files[0].file, file);
  }
  const none = await run(["check", "--ca", `${file}\x1b[2J`]);
  t.is(none.code, 2);
  t.notRegex(none.stderr, obeyed);
});

test("thousands of marks that belong to nothing are looked at once each", (t) => {
  // The number does it: looked at as often as there are marks, they would take hours.
  const many = 300_000;
  const begins = "-----BEGIN CERTIFICATE-----\n".repeat(many);
  const labels = Array.from({ length: many }, (_, i) => `-----BEGIN A${i}-----\n-----END B${i}-----\n`).join("");
  const ends = "-----END CERTIFICATE-----\n".repeat(many);
  const block = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";
  t.deepEqual(takeApart(begins), { form: "neither", blocks: [], around: false, lineEnds: "LF" });
  t.is(takeApart(labels + ends).blocks.length, 0);
  t.is(takeApart(ends + begins + ends).blocks.length, 1);
  t.is(takeApart(block.repeat(many)).blocks.length, many);
  t.deepEqual(check({ ca: begins }), { ok: false, found: ["problem ca not-pem", "problem set no-room"] });
  t.true(takeApart(`${"-----BEGIN X-----\n".repeat(many)}${block}`).around);
});

test("blocks are those of the plain rule: a BEGIN, and the first END of its label behind it", (t) => {
  const piece = fc.constantFrom(
    ...[
      "-----BEGIN A-----",
      "-----END A-----",
      "-----BEGIN B-----",
      "-----END B-----",
      "-----",
      "-----BEGIN ",
      "END A-----",
      "A",
      "\n",
      " ",
    ],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join("");
      const blocks: Block[] = [];
      const rest = text.replace(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g, (whole, label: string) => {
        blocks.push({ label, text: whole });
        return "";
      });
      const found = takeApart(text);
      t.deepEqual(found.blocks, blocks);
      t.is(found.around, blocks.length > 0 && rest.trim() !== "");
    }),
    { numRuns: 3000 },
  );
});

test("a good set: facts, the modem's checksums, nothing found, 0", async (t) => {
  const set = await good();
  const { code, stdout } = await run(["check", ...(await files(t, set)), "--json"]);
  t.is(code, 0);
  const report = JSON.parse(stdout);
  t.is(report.securityLevel, 2);
  t.deepEqual(report.findings, []);
  t.deepEqual(
    report.files.map(({ role, bytes }: { role: string; bytes: number }) => [role, bytes]),
    Object.entries(set).map(([role, text]) => [role, text.length]),
  );
  t.like(report.files[1].certificates[0], {
    subject: "meter-17",
    issuer: "Test CA",
    key: "RSA 2048",
    signature: "RSA-SHA256",
    ca: false,
  });
  t.is(report.files[2].key, "RSA 2048");
  // The modem's own word on the same bytes.
  const clock = new SimClock();
  const modem = new VirtualM95({ clock, network: new MemoryBroker({ clock }).network, poweredOn: true });
  let heard = "";
  modem.uart.onReceive = (chunk) => {
    heard += chunk;
  };
  modem.uart.write(`AT+QSECWRITE="RAM:k",${set.key.length}\r`);
  clock.advance(500);
  modem.uart.write(set.key);
  clock.advance(1000);
  t.true(heard.includes(`+QSECWRITE: ${set.key.length},${report.files[2].checksum}\r\n`));
});

test("only a CA is good for securityLevel 1", async (t) => {
  const { stdout } = await run(["check", ...(await files(t, { ca: (await authority).cert }))]);
  t.true(stdout.endsWith("No problem found; good for securityLevel 1.\n"));
});

test("what does not belong together", async (t) => {
  const set = await good();
  const stranger = await makeCertificate({ name: "Other CA", ca: true });
  t.deepEqual(check({ ...set, key: stranger.key }), { ok: false, found: ["problem set key-mismatch"] });
  t.deepEqual(check({ ca: set.ca, cert: set.cert }), { ok: false, found: ["problem set no-key"] });
  t.deepEqual(check({ ca: set.ca, key: set.key }), { ok: false, found: ["problem set no-cert"] });
  t.deepEqual(check({ cert: set.cert, key: set.key }), { ok: false, found: ["problem set no-ca-file"] });
  t.deepEqual(check({ ...set, ca: stranger.cert }), { ok: true, found: ["note set other-ca"] });
  const swapped = check({ ca: set.ca, cert: set.key, key: set.cert });
  t.deepEqual(swapped, { ok: false, found: ["problem cert swapped", "problem key swapped"] });
});

test("keys and signatures that an M95 cannot use", async (t) => {
  const { ca } = await good();
  const curve = await issue({ name: "meter", key: "ec" });
  t.deepEqual(check({ ca, cert: curve.cert, key: curve.key }), {
    ok: false,
    found: ["problem cert key-type", "problem key key-type"],
  });
  const strong = await issue({ name: "meter", hash: "sha384" });
  t.deepEqual(check({ ca, ...pair(strong) }), { ok: false, found: ["problem cert signature"] });
  const small = await issue({ name: "meter", key: "rsa-1024", hash: "sha1" });
  t.deepEqual(check({ ca, ...pair(small) }), {
    ok: true,
    found: ["warning cert key-size", "warning cert old-signature", "warning key key-size"],
  });
  const own = await makeCertificate({ name: "CA 384", ca: true, hash: "sha384" });
  t.deepEqual(check({ ca: own.cert }), { ok: true, found: ["warning ca signature"] });
  const curveCa = await makeCertificate({ name: "EC CA", ca: true, key: "ec" });
  t.deepEqual(check({ ca: curveCa.cert }).found[0], "problem ca key-type");
});

function pair({ cert, key }: { cert: string; key: string }): Texts {
  return { cert, key };
}

test("dates, judged as of now or of another day", async (t) => {
  const { ca } = await good();
  const old = await issue({
    name: "meter",
    notBefore: new Date(Date.now() - 9 * day),
    notAfter: new Date(Date.now() - day),
  });
  t.deepEqual(check({ ca, ...pair(old) }), { ok: false, found: ["problem cert dates"] });
  t.true(check(pair(old), { time: Date.now() - 5 * day }).found.includes("warning cert expires"));
  t.deepEqual(check({ ca }, { time: Date.UTC(2004, 0, 1) }), { ok: false, found: ["problem ca dates"] });
});

test("what is wrong with the bytes: DER, CR LF, mixed line ends, text around, no PEM, encrypted, two things in one", async (t) => {
  const { ca, cert, key } = await good();
  const only = (text: string | Buffer, role: "ca" | "key" = "ca") => check({ [role]: text }).found;
  t.deepEqual(only(der(ca)), ["problem ca der"]);
  for (const form of [der(key), der(pkcs8(key))]) t.true(only(form, "key").includes("problem key der"));
  t.true(only(der(cert), "key").includes("problem key unreadable"));
  t.deepEqual(only(ca.replaceAll("\n", "\r\n")), ["note ca crlf"]);
  t.deepEqual(only(ca.replace("\n", "\r\n")), ["problem ca line-ends"]);
  t.deepEqual(only(`Bag Attributes\n${ca}`), ["problem ca text-around"]);
  t.deepEqual(only(`\xef\xbb\xbf${ca}`), ["problem ca text-around"]);
  t.deepEqual(only("hello"), ["problem ca not-pem"]);
  t.deepEqual(only(ca.replaceAll("CERTIFICATE", "CERTIFICATE REQUEST")), ["problem ca label"]);
  t.deepEqual(only(ca.replace(/\n.{64}/, "\nAAAA")), ["problem ca unreadable"]);
  t.true(only(cert + key, "key").includes("problem key both"));
  t.true(only(pkcs8(key, "secret"), "key").includes("problem key encrypted"));
  t.true(only(pkcs8(key), "key").includes("note key pkcs8"));
  t.true(only(key.replace(/\n.../, "\n+++"), "key").includes("warning key escape"));
});

test("sizes: NVRAM, RAM", async (t) => {
  const { ca } = await good();
  const large = await makeCertificate({ name: "x".repeat(700), ca: true });
  t.true(check({ ca: large.cert }).found.includes("note ca not-nvram"));
  t.true(check({ ca: large.cert }, { storage: "NVRAM" }).found.includes("problem ca too-large"));
  t.deepEqual(check({ ca }, { storage: "NVRAM" }).ok, true);
  t.true(check({ ca: ca.repeat(40) }).found.includes("problem ca too-large"));
});

test("what the broker sends, from a file", async (t) => {
  const { ca } = await good();
  const ours = (await server).cert;
  t.deepEqual(check({ ca, server: ours }, { host }), { ok: true, found: [] });
  t.deepEqual(check({ ca, server: ours }, { host: "other.example" }), {
    ok: false,
    found: ["problem set refused"],
  });
  const stranger = await makeCertificate({ name: "Other CA", ca: true });
  t.deepEqual(check({ ca: stranger.cert, server: ours }).found, ["problem set refused"]);
  const between = await issue({ name: "Between", ca: true });
  const far = await makeCertificate({ name: host, hosts: [host], signer: between });
  t.deepEqual(check({ ca, server: far.cert + between.cert }, { host }).found, []);
  t.deepEqual(check({ ca: between.cert }).found, ["warning ca intermediate"]);
  t.deepEqual(check({ ca: far.cert }).found, ["warning ca no-ca"]);
});

test("what the broker does, over the network", async (t) => {
  const set = await good();
  const { cert, key } = await server;
  const broker = async (options: tls.TlsOptions): Promise<string> => {
    const listener = tls.createServer(options, (socket) => socket.on("error", () => {}).resume());
    listener.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    t.teardown(() => listener.close());
    return `127.0.0.1:${(listener.address() as { port: number }).port}`;
  };
  const said = async (address: string, ...more: string[]): Promise<string> => {
    const { stdout } = await run(["check", ...(await files(t, set)), "--broker", address, ...more]);
    return stdout;
  };
  const willing = await broker({ cert, key, ca: set.ca, requestCert: true });
  t.regex(
    await said(willing, "--host", host),
    /accepts what an M95 offers: TLSv1\.2, AES256-SHA.*securityLevel 2\.\n$/s,
  );
  t.regex(await said(willing), /The modem would refuse 127\.0\.0\.1:\d+: the certificate is for DNS:broker\.example/);
  const modern = await broker({ cert, key, minVersion: "TLSv1.3" });
  t.regex(await said(modern), /does not accept what an M95 offers.* An ordinary client gets TLSv1\.3, TLS_AES_256/s);
  const curve = await issue({ name: host, hosts: [host], key: "ec" });
  t.regex(
    await said(await broker(pair(curve) as tls.TlsOptions)),
    /the certificate of broker\.example \(EC prime256v1/,
  );
  t.regex(await said("127.0.0.1:1"), /127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/);
});

test("bundle for Espruino: clean PEM files, and a script that writes them to Storage", async (t) => {
  const { ca, cert, key } = await good();
  const out = await folder(t);
  const messy = { ca: `Bag Attributes\r\n${ca.replaceAll("\n", "\r\n")}`, cert: der(cert), key: pkcs8(key) };
  const { code, stdout } = await run([
    "bundle",
    "--for",
    "espruino",
    "--out",
    out,
    ...(await files(t, messy)),
    "--json",
  ]);
  t.is(code, 0, stdout);
  const { written, usage } = JSON.parse(stdout);
  t.is(await readFile(join(out, "m95-ca.pem"), "latin1"), ca);
  t.is(await readFile(join(out, "m95-cert.pem"), "latin1"), cert);
  t.is(await readFile(join(out, "m95-key.pem"), "latin1"), key);
  t.like(written[0], { file: join(out, "m95-ca.pem"), bytes: ca.length });
  t.regex(written[0].checksum, /^[0-9a-f]{1,4}$/);
  t.true(usage.startsWith('tls: { ca: require("Storage").read("m95-ca.pem"), cert:'));
  // Storage as Espruino has it: a file is made at its full size and filled piece by piece.
  const storage: Record<string, string> = {};
  const printed: string[] = [];
  const Storage = {
    write(name: string, data: string, offset: number, size: number) {
      if (offset === 0) storage[name] = "\xff".repeat(size);
      storage[name] = storage[name]!.slice(0, offset) + data + storage[name]!.slice(offset + data.length);
    },
    read: (name: string) => storage[name],
  };
  vm.runInNewContext(await readFile(join(out, "upload.js"), "latin1"), {
    require: () => Storage,
    print: (...words: string[]) => printed.push(words.join(" ")),
  });
  t.deepEqual(storage, { "m95-ca.pem": ca, "m95-cert.pem": cert, "m95-key.pem": key });
  t.deepEqual(printed, ["m95-ca.pem ok", "m95-cert.pem ok", "m95-key.pem ok"]);
});

test("bundle for Moddable: a folder of resources and the manifest that includes it", async (t) => {
  const { ca } = await good();
  const out = await folder(t);
  const args = [
    "bundle",
    "--for",
    "moddable",
    "--out",
    join(out, "tls"),
    "--prefix",
    "x-",
    ...(await files(t, { ca })),
  ];
  const { code, stdout } = await run(args);
  t.is(code, 0);
  t.true(stdout.includes('tls: { ca: new Resource("x-ca.pem") }'));
  t.deepEqual(JSON.parse(await readFile(join(out, "tls", "manifest.json"), "utf8")), { data: { "*": "./pem/*" } });
  t.deepEqual(await readdir(join(out, "tls", "pem")), ["x-ca.pem"]);
});

test("bundle writes nothing when something will not work, unless --force", async (t) => {
  const { ca, cert } = await good();
  const out = await folder(t);
  const { key } = await server;
  const args = ["bundle", "--for", "node", "--out", out, ...(await files(t, { ca, cert, key }))];
  const refused = await run(args);
  t.is(refused.code, 1);
  t.true(refused.stdout.includes("Nothing was written."));
  t.deepEqual(await readdir(out), []);
  t.is((await run([...args, "--force"])).code, 1);
  t.deepEqual((await readdir(out)).sort(), ["m95-ca.pem", "m95-cert.pem", "m95-key.pem"]);
  t.is(createPrivateKey(await readFile(join(out, "m95-key.pem"), "utf8")).asymmetricKeyType, "rsa");
  const locked = await run([
    "bundle",
    "--for",
    "node",
    "--out",
    out,
    "--force",
    ...(await files(t, { key: pkcs8(key, "x") })),
  ]);
  t.is(locked.code, 1);
  t.true(locked.stdout.includes("Nothing was written."));
});

test("plain text in a pipe, colours on demand; --help is 0, wrong usage 2 with a hint", async (t) => {
  const { ca } = await good();
  const args = ["check", ...(await files(t, { ca }))];
  t.false((await run(args, { CI: "true" })).stdout.includes("\x1b"));
  t.true((await run(args, { FORCE_COLOR: "1" })).stdout.includes("\x1b[32mNo problem"));
  for (const help of [["--help"], ["check", "--help"], ["bundle", "--help"]]) t.is((await run(help)).code, 0);
  t.true((await run(["--help"])).stdout.includes("Exit codes"));
  for (const wrong of [
    [],
    ["nosuch"],
    ["check"],
    ["check", "extra", "--ca", "x"],
    ["check", "--ca", "/no/such/file"],
    ["check", "--nosuch"],
    ["check", "--storage", "UFS", "--ca", "x"],
    ["check", "--at", "someday", "--ca", "x"],
    ["check", "--broker", "a:b:c", "--ca", "x"],
    ["bundle", "--ca", "x"],
    ["bundle", "--for", "espruino", "--out", "x", "--prefix", "way/too/long", "--ca", "x"],
  ]) {
    const { code, stderr } = await run(wrong);
    t.is(code, 2, wrong.join(" "));
    t.true(stderr.includes("--help"), wrong.join(" "));
  }
});

test("the program of the package needs nothing beside it", async (t) => {
  const { ca } = await good();
  const lonely = join(await folder(t), "cli.mjs");
  await copyFile(new URL("../../../dist/certs/cli.js", import.meta.url), lonely);
  const args = [lonely, "check", ...(await files(t, { ca }))];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  t.true(stdout.includes("No problem found"));
});

test("docs/certs.md names every finding", async (t) => {
  const page = await readFile(new URL("../../../docs/certs.md", import.meta.url), "utf8");
  for (const file of ["inspect", "set", "broker"]) {
    const source = await readFile(new URL(`../../../certs/${file}.ts`, import.meta.url), "utf8");
    const codes = [...source.matchAll(/(?:find|found)\(\s*(?:"\w+"|level),\s*"([\w-]+)"/g)].map(([, code]) => code!);
    t.true(codes.length > 4, file);
    for (const code of codes) t.true(page.includes(`\`${code}\``), code);
  }
});
