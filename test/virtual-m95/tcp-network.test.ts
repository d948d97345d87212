// The virtual modem in real time over TCP: against aedes and Debian's mosquitto on free loopback ports.

import net from "node:net";
import { Aedes } from "aedes";
import test, { type ExecutionContext } from "ava";
import { tcpNetwork } from "../../virtual-m95/index.js";
import { startMosquitto } from "../support/mosquitto.js";
import { testWith } from "../support/test-with.js";
import { listen, modemOn, online } from "./live.js";

/** Connects, receives its own publishes at all three QoS, leaves. */
async function conversation(t: ExecutionContext, port: number, protocolVersion: 3 | 4): Promise<void> {
  // The note's address leads to the test's broker.
  const { modem, say } = modemOn({ network: tcpNetwork({ only: ["127.0.0.1", port] }), protocolVersion });
  t.teardown(() => modem.dispose());
  await online(say);
  t.true((await say('AT+QMTOPEN=0,"220.180.239.212",1883\r', "+QMTOPEN")).endsWith("\r\n+QMTOPEN: 0,0\r\n"));
  t.true((await say(`AT+QMTCONN=0,"m95-${protocolVersion}"\r`, "+QMTCONN")).endsWith("\r\n+QMTCONN: 0,0,0\r\n"));
  t.true((await say('AT+QMTSUB=0,1,"topic/pub",2\r', "+QMTSUB")).endsWith("\r\n+QMTSUB: 0,1,0,2\r\n"));
  for (const qos of [0, 1, 2]) {
    await say(`AT+QMTPUB=0,${qos},${qos},0,"topic/pub"\r`, ">");
    const payload = `QoS ${qos} \x00\xff`;
    await say(`${payload}\x1a`, `"topic/pub",${payload}\r\n`);
  }
  await say('AT+QMTUNS=0,9,"topic/pub"\r', "+QMTUNS: 0,9,0\r\n");
  await say("AT+QMTDISC=0\r", "+QMTDISC: 0,0\r\n");
  t.deepEqual(modem.violations, []);
}

for (const protocolVersion of [3, 4] as const) {
  test(`aedes, protocol version ${protocolVersion}`, async (t) => {
    const broker = await Aedes.createBroker();
    const server = net.createServer(broker.handle);
    t.teardown(() => {
      broker.close();
      server.close();
    });
    await conversation(t, await listen(server), protocolVersion);
  });

  testWith("mosquitto")(`mosquitto, protocol version ${protocolVersion}`, async (t) => {
    const mosquitto = await startMosquitto();
    t.teardown(() => mosquitto.stop());
    await conversation(t, mosquitto.port, protocolVersion);
  });
}

test("a host name is mapped, an unknown one is result 4, a closed port -1, the broker's close +QMTSTAT 1", async (t) => {
  const sockets: net.Socket[] = [];
  const server = net.createServer((socket) => sockets.push(socket));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const port = await listen(server);
  const closed = net.createServer();
  const closedPort = await listen(closed);
  await new Promise((resolve) => closed.close(resolve));
  const network = tcpNetwork({ resolve: { "broker.example": "127.0.0.1", "none.example": "none.invalid" } });
  const { modem, say } = modemOn({ network });
  t.teardown(() => modem.dispose());
  await online(say);
  t.true((await say(`AT+QMTOPEN=0,"broker.example",${port}\r`, "+QMTOPEN")).endsWith("+QMTOPEN: 0,0\r\n"));
  t.true((await say(`AT+QMTOPEN=1,"none.example",${port}\r`, "+QMTOPEN")).endsWith("+QMTOPEN: 1,4\r\n"));
  t.true((await say(`AT+QMTOPEN=1,"127.0.0.1",${closedPort}\r`, "+QMTOPEN")).endsWith("+QMTOPEN: 1,-1\r\n"));
  for (const socket of sockets) socket.end();
  await say("", "+QMTSTAT: 0,1\r\n");
  t.is(sockets.length, 1);
});
