// End to end over a pseudo-terminal: the package serialport opens it as it would open /dev/ttyUSB0.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startPty } from "../../virtual-m95/server/pty.js";
import { testWith } from "../support/test-with.js";
import { serveModem, until } from "./rig.js";

const program = fileURLToPath(new URL("serial-program.js", import.meta.url));

testWith("socat")("openM95 with a path: a full cycle, twice on the same port", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "m95-serial-"));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const { port, violations } = await serveModem(t);
  const path = join(directory, "modem");
  let terminals = 0;
  const pty = await startPty(
    port,
    path,
    () => terminals++,
    (error) => t.fail(error.message),
  );
  t.teardown(() => pty.close());
  for (const round of [1, 2]) {
    // Closing it may end the terminal, and socat makes it anew.
    if (round > 1) await new Promise((resolve) => setTimeout(resolve, 500));
    await until("the terminal", () => terminals > 0 && existsSync(path));
    const { stdout } = await promisify(execFile)(process.execPath, [program, path], { timeout: 20_000 });
    const { topic, payload, imei, busy, states } = JSON.parse(stdout);
    // While it is open it is nobody else's; closed on purpose it is no failure, and the process ends.
    t.regex(busy, new RegExp(`^port ${path} cannot be opened: .*close that first`));
    t.deepEqual(states, ["off"]);
    t.is(topic, "loop");
    t.is(payload, String.fromCharCode(...Array.from({ length: 224 }, (_, i) => i + 32)));
    t.regex(imei, /^\d{15}$/);
  }
  t.deepEqual(violations, []);
});
