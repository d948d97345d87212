// The demo's own brokers: Aedes, or one that demands a client certificate: Mosquitto where it is installed, else Aedes
// behind node:tls. The certificates are made anew each time.
import { startAedes } from "../../test/support/aedes.js";
import { makeCertificate } from "../../test/support/certificates.js";
import { type MosquittoTls, startMosquitto } from "../../test/support/mosquitto.js";
import { findProgram } from "../../test/support/needs.js";

/** A broker that lives with the demo. */
export interface OwnBroker {
  name: string;
  port: number;
  stop(): Promise<void>;
  /** On the same port, with no memory. */
  restart(): Promise<void>;
}

export interface TlsBroker {
  broker: OwnBroker;
  /** For the driver. */
  options: { ca: string; cert: string; key: string };
}

export async function startBroker(): Promise<OwnBroker> {
  return Object.assign(await startAedes(), { name: "Aedes, in this process" });
}

/** `host`: the name under which the modem knows it. */
export async function startTlsBroker(host: string): Promise<TlsBroker> {
  const authority = await makeCertificate({ name: "Demo CA", ca: true });
  const [server, device] = await Promise.all([
    makeCertificate({ name: host, hosts: [host], usage: "server", signer: authority }),
    makeCertificate({ name: "M95_0206", usage: "client", signer: authority }),
  ]);
  const { cert, key } = server;
  const options = { ca: authority.cert, cert: device.cert, key: device.key };
  const tls = { cert, key, clientCa: authority.cert };
  return { broker: (await mosquitto(tls)) ?? (await aedesBehindTls(tls)), options };
}

/** Undefined where there is none. */
async function mosquitto(tls: MosquittoTls): Promise<OwnBroker | undefined> {
  if (!findProgram("mosquitto")) return undefined;
  let running = await startMosquitto({ tls });
  const { port } = running;
  return {
    name: "Mosquitto with TLS",
    port,
    stop: async () => running.stop(),
    async restart() {
      await running.stop();
      running = await startMosquitto({ port, tls });
    },
  };
}

export async function aedesBehindTls({ cert, key, clientCa }: MosquittoTls): Promise<OwnBroker> {
  const running = await startAedes({ tls: { cert, key, ca: clientCa, requestCert: true, rejectUnauthorized: true } });
  return Object.assign(running, { name: "Aedes behind TLS, in this process" });
}
