// The demo as a user starts it: with all defaults, with another broker, with a trace, and wrongly. Output and exit codes.
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { fileURLToPath } from "node:url";
import test from "ava";
import { aedesBehindTls } from "../../examples/demo/brokers.js";
import { startVirtualM95Server } from "../../virtual-m95/index.js";
import { startPty } from "../../virtual-m95/server/pty.js";
import { makeCertificate } from "../support/certificates.js";
import { startMosquitto } from "../support/mosquitto.js";
import { testWith } from "../support/test-with.js";

const program = fileURLToPath(new URL("../../examples/demo/main.js", import.meta.url));

interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs it to its end. Colours are decided by `env` and the pipe alone. */
function run(args: string[], env: Record<string, string> = {}): Promise<Run> {
  const { NO_COLOR: _no, FORCE_COLOR: _force, ...rest } = process.env;
  return new Promise((resolve) => {
    const options = { env: { ...rest, ...env }, timeout: 150_000 };
    execFile(process.execPath, [program, ...args], options, (error, stdout, stderr) => {
      resolve({ code: !error ? 0 : error.killed ? null : Number(error.code), stdout, stderr });
    });
  });
}

test("with the embedded broker all is right, in plain text, also where the environment says CI", async (t) => {
  const { code, stdout, stderr } = await run(["--speed", "20"], { CI: "true" });
  t.is(code, 0, stdout);
  t.is(stderr, "");
  t.false(stdout.includes("\x1b"));
  for (const text of ["Example 5.1", "QoS 2: 8 messages up, 8 down", "Will", "Broker restart", "Power-off"])
    t.true(stdout.includes(text), text);
  t.regex(stdout, /messages published +53, 53 of them confirmed/);
  t.regex(stdout, /messages received +5[34]/);
  t.regex(stdout, /connections recovered +3/);
  t.regex(stdout, /All \d+ checks passed\n$/);
  t.false(stdout.includes("→"));
});

test("--trace shows the AT traffic, FORCE_COLOR colours it", async (t) => {
  const { code, stdout } = await run(["--speed", "20", "--trace"], { FORCE_COLOR: "1" });
  t.is(code, 0, stdout);
  t.true(stdout.includes("\x1b[36m→ AT\x1b[39m"));
  t.true(stdout.includes("+QMTRECV: 0,"));
  t.true(stdout.includes("This is test data, hello MQTT.<Ctrl+Z>"));
});

test("--tls: certificates on both sides, a device without one is turned away", async (t) => {
  const { code, stdout, stderr } = await run(["--speed", "20", "--tls"]);
  t.is(code, 0, stdout + stderr);
  t.regex(stdout, /broker +(Mosquitto with|Aedes behind) TLS/);
  t.true(stdout.includes("the broker turns it away"));
  t.regex(stdout, /All \d+ checks passed\n$/);
});

test("without Mosquitto --tls has Aedes behind TLS, which wants a certificate too", async (t) => {
  const authority = await makeCertificate({ name: "CA", ca: true });
  const { cert, key } = await makeCertificate({ name: "server", signer: authority });
  const broker = await aedesBehindTls({ cert, key, clientCa: authority.cert });
  t.teardown(() => broker.stop());
  const shake = (own: tls.ConnectionOptions): Promise<string> =>
    new Promise((resolve) => {
      const options = {
        port: broker.port,
        ca: authority.cert,
        maxVersion: "TLSv1.2",
        checkServerIdentity: () => undefined,
      };
      const socket = tls.connect({ ...options, ...own } as tls.ConnectionOptions);
      socket.on("secureConnect", () => resolve("connected")).on("error", () => resolve("refused"));
      t.teardown(() => socket.destroy());
    });
  const device = await makeCertificate({ name: "device", signer: authority });
  t.is(await shake({ cert: device.cert, key: device.key }), "connected");
  t.is(await shake({}), "refused");
});

testWith("mosquitto")("--broker leads it to another broker, where its names are its own", async (t) => {
  const mosquitto = await startMosquitto();
  t.teardown(() => mosquitto.stop());
  const args = ["--speed", "20", "--broker", `127.0.0.1:${mosquitto.port}`];
  for (const { code, stdout } of await Promise.all([run(args), run(args)])) {
    t.is(code, 0, stdout);
    t.true(stdout.includes("Connections lost"));
    t.regex(stdout, /All \d+ checks passed\n$/);
  }
});

testWith("mosquitto", "socat")("--port opens a serial port", async (t) => {
  // At the modem's own pace: verdicts that stand right behind messages are waited for.
  t.timeout(180_000);
  const mosquitto = await startMosquitto();
  t.teardown(() => mosquitto.stop());
  const directory = await mkdtemp(join(tmpdir(), "m95-demo-"));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const broker = { host: "127.0.0.1", port: mosquitto.port };
  const virtual = await startVirtualM95Server({ broker, speed: 5, modem: { poweredOn: true, protocolVersion: 4 } });
  t.teardown(() => virtual.close());
  const path = join(directory, "modem");
  const pty = await startPty(
    virtual.port,
    path,
    () => {},
    (error) => t.fail(error.message),
  );
  t.teardown(() => pty.close());
  const { code, stdout } = await run(["--port", path, "--broker", `127.0.0.1:${mosquitto.port}`]);
  t.is(code, 0, stdout);
  t.true(stdout.includes(`on ${path}, 115200 baud`));
  // NORMAL POWER DOWN comes before the end, and the demo does not wait for what no pin tells it.
  for (let i = 0; virtual.modem.running && i < 100; i++) await new Promise((resolve) => setTimeout(resolve, 50));
  t.false(virtual.modem.running);
  t.deepEqual(virtual.modem.violations, []);
});

test("a broker or a serial port that cannot be reached is said so, 1", async (t) => {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const broker = await run(["--broker", `127.0.0.1:${port}`]);
  t.is(broker.code, 1);
  t.regex(broker.stderr, new RegExp(`broker 127\\.0\\.0\\.1:${port} cannot be reached.*ECONNREFUSED`));
  const serial = await run(["--port", "/dev/no-such-port"]);
  t.is(serial.code, 1);
  t.true(serial.stderr.includes("/dev/no-such-port"), serial.stderr);
});

test("--help is 0, wrong usage 2 with a hint", async (t) => {
  const help = await run(["--help"]);
  t.is(help.code, 0);
  for (const option of ["--broker", "--port", "--baud", "--apn", "--speed", "--tls", "--trace", "Exit codes"])
    t.true(help.stdout.includes(option), option);
  for (const args of [
    ["--nosuch"],
    ["extra"],
    ["--broker", "host"],
    ["--broker", "h:0"],
    ["--speed", "0"],
    ["--tls", "--broker", "h:1"],
  ]) {
    const { code, stderr } = await run(args);
    t.is(code, 2, args.join(" "));
    t.true(stderr.includes("--help"), args.join(" "));
  }
});
