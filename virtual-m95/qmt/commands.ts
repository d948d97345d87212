// The AT+QMT commands of the note (3.2.1–3.2.8): forms, parameter checks and errors. The clients do the work.

import type { Packet } from "mqtt-packet";
import type { Params } from "../at/at-parser.js";
import { CmeError, cme } from "../at/errors.js";
import type { Call, CommandTable } from "../at/interpreter.js";
import type { Device } from "../device.js";
import type { QmtClient } from "./client.js";
import { configRow } from "./config.js";
import { limits } from "./limits.js";
import { encode, utf8 } from "./text.js";

/** <state> of AT+QMTCONN? (3.2.4). */
const connectionState = { closed: 0, opening: 1, initial: 1, connecting: 2, connected: 3, disconnecting: 4 };

export function qmtCommands(device: Device, clients: QmtClient[]): CommandTable {
  const id = (params: Params): number =>
    params.int(0, limits.tcpconnectID.min, limits.tcpconnectID.max, "<tcpconnectID>");
  const client = (params: Params): QmtClient => clients[id(params)]!;
  const connected = (params: Params): QmtClient => {
    const found = client(params);
    if (found.state !== "connected") throw new CmeError(cme.mqttLink);
    return found;
  };
  const freeMsgID = (target: QmtClient, msgID: number, raw: string): void => {
    if (!target.inFlight.has(msgID)) return;
    throw new CmeError(cme.mqttParameter, "duplicate-msgid", `msgID ${msgID} is still in flight: ${raw}`);
  };
  const subscription = (call: Call, target: QmtClient, operation: "QMTSUB" | "QMTUNS", packet: Packet): void => {
    if (encode(packet).length > limits.packet) throw new CmeError(cme.mqttPacketTooLarge);
    if (target.inFlight.subscriptionsFull) throw new CmeError(cme.mqttBufferOverflow);
    call.ok();
    target.inFlight.start(operation, packet.messageId!, packet);
  };
  const length = device.quirks.showRecvLen ? ",<length>" : "";

  return {
    "+QMTCFG": configRow((tcpconnectID) => clients[tcpconnectID]!.config, device.quirks.showRecvLen),

    "+QMTOPEN": {
      test: '+QMTOPEN: <tcpconnectID>,"<host_name>",<port>',
      read: (call) => {
        for (const [i, { state, host, port }] of clients.entries()) {
          if (state !== "closed" && state !== "opening") call.info(`+QMTOPEN: ${i},"${host}",${port}`);
        }
      },
      write: (call, params) => {
        params.expect(3, 3);
        const target = client(params);
        const host = params.string(1, "<host_name>", limits.host);
        if (host === "") params.fail("<host_name> is empty");
        // The note's TLS example (5.2) quotes the port.
        const port = params.int(2, limits.port.min, limits.port.max, "<port>", true);
        call.ok();
        target.open(host, port);
      },
    },

    "+QMTCLOSE": {
      test: "+QMTCLOSE: <tcpconnectID>",
      write: (call, params) => {
        params.expect(1, 1);
        const target = client(params);
        call.ok();
        target.close();
      },
    },

    "+QMTCONN": {
      test: '+QMTCONN: <tcpconnectID>,"<clientID>"[,"<username>"[,"<password>"]]',
      read: (call) => {
        for (const [i, { state, used }] of clients.entries()) {
          if (used) call.info(`+QMTCONN: ${i},${connectionState[state]}`);
        }
      },
      write: (call, params) => {
        params.expect(2, 4);
        const target = client(params);
        const clientId = utf8(params.string(1, "<clientID>"), "<clientID>");
        const username = params.has(2) ? utf8(params.string(2, "<username>"), "<username>") : undefined;
        const password = params.has(3) ? params.string(3, "<password>") : undefined;
        if (target.state !== "initial") throw new CmeError(cme.mqttLink);
        const packet = target.connectPacket({
          clientId,
          ...(username !== undefined && { username }),
          ...(password !== undefined && { password }),
        });
        encode(packet);
        call.ok();
        target.connect(packet);
      },
    },

    "+QMTDISC": {
      test: "+QMTDISC: <tcpconnectID>",
      write: (call, params) => {
        params.expect(1, 1);
        const target = client(params);
        call.ok();
        target.disconnect();
      },
    },

    "+QMTSUB": {
      test: '+QMTSUB : <tcpconnectID>,<msgID>,"<topic>",<qos>',
      write: (call, params) => {
        params.expect(4, Number.POSITIVE_INFINITY);
        id(params);
        const msgID = params.int(1, limits.msgID.min, limits.msgID.max, "<msgID>");
        if (params.count % 2 !== 0) params.fail("<topic> and <qos> do not pair up");
        const subscriptions = [];
        for (let i = 2; i < params.count; i += 2) {
          const qos = params.int(i + 1, limits.qos.min, limits.qos.max, "<qos>") as 0 | 1 | 2;
          subscriptions.push({ topic: topicFilter(params, i), qos });
        }
        const target = connected(params);
        freeMsgID(target, msgID, params.raw);
        subscription(call, target, "QMTSUB", { cmd: "subscribe", messageId: msgID, subscriptions });
      },
    },

    "+QMTUNS": {
      test: '+QMTUNS: <tcpconnectID>,<msgID>,"<topic>"',
      write: (call, params) => {
        params.expect(3, Number.POSITIVE_INFINITY);
        id(params);
        const msgID = params.int(1, limits.msgID.min, limits.msgID.max, "<msgID>");
        const unsubscriptions = [];
        for (let i = 2; i < params.count; i++) unsubscriptions.push(topicFilter(params, i));
        const target = connected(params);
        freeMsgID(target, msgID, params.raw);
        subscription(call, target, "QMTUNS", { cmd: "unsubscribe", messageId: msgID, unsubscriptions });
      },
    },

    "+QMTPUB": {
      test: `+QMTPUB : <tcpconnectID>,<msgID>,<qos>,<retain>,<topic>${length}`,
      write: (call, params) => publish(device, call, params, connected, freeMsgID),
    },
  };
}

function publish(
  device: Device,
  call: Call,
  params: Params,
  connected: (params: Params) => QmtClient,
  freeMsgID: (target: QmtClient, msgID: number, raw: string) => void,
): void {
  const { quirks, timing } = device;
  params.expect(5, quirks.showRecvLen ? 6 : 5);
  params.int(0, limits.tcpconnectID.min, limits.tcpconnectID.max, "<tcpconnectID>");
  const msgID = params.int(1, 0, limits.msgID.max, "<msgID>");
  const qos = params.int(2, limits.qos.min, limits.qos.max, "<qos>") as 0 | 1 | 2;
  if (msgID === 0 && qos > 0) params.fail("<msgID> 0 with <qos> above 0");
  const retain = params.int(3, 0, 1, "<retain>") === 1;
  const topic = topicFilter(params, 4);
  if (/[+#]/.test(topic)) throw new CmeError(cme.mqttIllegalCharacter, "parameter", `wildcard in <topic> ${topic}`);
  const exact = params.has(5) ? params.int(5, 1, limits.payload, "<length>") : undefined;
  const target = connected(params);
  if (qos > 0) freeMsgID(target, msgID, params.raw);
  if (target.inFlight.windowFull) {
    throw new CmeError(cme.mqttWindow, "in-flight-window", `a publish beyond the window of ${limits.inFlightWindow}`);
  }
  call.prompt({
    text: `\r\n>${quirks.promptBlank ? " " : ""}`,
    limit: exact ?? limits.payload,
    exact: exact !== undefined,
    echo: true,
    onData: (data, surplus) => {
      if (surplus > 0) device.violation("payload-too-long", `${surplus} bytes beyond ${limits.payload} dropped`);
      // The link may have gone while the prompt was open.
      if (target.state !== "connected") throw new CmeError(cme.mqttLink);
      const payload = Buffer.from(data, "latin1");
      const packet: Packet = { cmd: "publish", qos, dup: false, retain, topic, payload, messageId: msgID };
      call.defer(timing.command, () => {
        call.ok();
        if (target.state !== "connected") return;
        if (qos === 0) target.inFlight.sendUnacknowledged(packet, msgID, timing.result);
        else target.inFlight.start("QMTPUB", msgID, packet);
      });
    },
    onCancel: () => {
      if (quirks.escAnswer === "") call.final("");
    },
  });
}

function topicFilter(params: Params, index: number): string {
  const topic = utf8(params.string(index, "<topic>"), "<topic>");
  if (topic === "") params.fail("<topic> is empty");
  return topic;
}
