// TLS on the engine: PEM texts that m95-certs puts into Storage and that stay there, uploaded through a real Serial, again after the modem has restarted, and a
// broker that asks for the device's certificate.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { makeCertificate } from "../../../build/test/support/certificates.js";
import { install, root, sketch, startRig } from "./rig.mjs";

const host = "broker.example";

/** The script that puts files into a board's Storage, as `m95-certs bundle` makes it. */
function packed(pem) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "m95-certs-"));
  try {
    const args = ["bundle", "--for", "espruino", "--out", path.join(folder, "out")];
    for (const [name, text] of Object.entries(pem)) {
      writeFileSync(path.join(folder, name), text);
      args.push(`--${name}`, path.join(folder, name));
    }
    execFileSync(process.execPath, [path.join(root, "dist/certs/cli.js"), ...args]);
    return readFileSync(path.join(folder, "out/upload.js"), "latin1");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function upload(log) {
  const authority = await makeCertificate({ name: "Test CA", ca: true });
  const server = await makeCertificate({ name: host, hosts: [host], usage: "server", signer: authority });
  const device = await makeCertificate({ name: "meter-17", usage: "client", signer: authority });
  const rig = await startRig({
    speed: 4,
    modem: { poweredOn: true, baud: 115200 },
    tls: {
      cert: server.cert,
      key: server.key,
      ca: authority.cert,
      requestCert: true,
      rejectUnauthorized: true,
      // What modems of this kind know: RSA key exchange.
      ciphers: "AES256-SHA256",
      maxVersion: "TLSv1.2",
    },
  });
  try {
    const { broker, modem } = rig;
    const pem = { ca: authority.cert, cert: device.cert, key: device.key };
    const engine = rig.run(install("tls") + packed(pem) + sketch("tls"));
    for (const name of ["ca", "cert", "key"]) await engine.line(`m95-${name}.pem ok`);
    const uploads = ["ca", "cert", "key"].map((name) => `AT+QSECWRITE="RAM:${name}0.pem",${pem[name].length},100`);
    const [sent, usage] = await engine.mark("connect", 60_000);
    assert.deepEqual(sent, uploads);
    engine.tell("talk()");
    assert.equal(await engine.mark("published"), "ok");
    await broker.waitForPublished(1, 20_000);
    assert.deepEqual(
      broker.published.map(({ clientId, payload }) => [clientId, payload.toString()]),
      [["meter-17", "through TLS"]],
    );
    await rig.publish("meter/in", "and back");
    assert.equal(await engine.mark("message"), "and back");
    // Files in RAM go with a restart.
    modem.reboot();
    assert.deepEqual((await engine.mark("connect", 60_000))[0], uploads);
    assert.deepEqual(modem.violations, []);
    engine.checkQuiet();
    log(
      `${pem.ca.length + pem.cert.length + pem.key.length} bytes of PEM; jsVars: ${Object.entries(usage)
        .map(([name, vars]) => `${name} ${vars}`)
        .join(", ")}`,
    );
  } finally {
    await rig.stop();
  }
}

export const tests = [["certificates from Storage, again after a restart of the modem", upload]];
