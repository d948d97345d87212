// The flow of packets between modem and network: TLS hook, bounded waiting, nothing after the end. No MQTT.

import test from "ava";
import { EnergyMeter } from "../../virtual-m95/energy/meter.js";
import { Bearer } from "../../virtual-m95/module/bearer.js";
import type { Handlers, Socket } from "../../virtual-m95/network/network.js";
import { ok, running } from "./rig.js";

function recorder() {
  const log: string[] = [];
  let far!: Handlers;
  const socket: Socket = {
    write: (bytes) => log.push(`write ${bytes}`),
    end: () => log.push("end"),
    destroy: () => log.push("destroy"),
  };
  const dial =
    (name: string) =>
    (host: string, port: number, handlers: Handlers): Socket => {
      log.push(`${name} ${host}:${port}`);
      far = handlers;
      return socket;
    };
  const handlers: Handlers = {
    onConnect: () => log.push("onConnect"),
    onData: (bytes) => log.push(`onData ${bytes}`),
    onClose: (error) => log.push(`onClose ${error?.message}`),
  };
  return { log, handlers, network: { connect: dial("tcp"), connectTls: dial("tls") }, far: () => far };
}

test("with the radio down everything waits, in order; with it up everything passes", (t) => {
  const { log, handlers, network, far } = recorder();
  const bearer = new Bearer(network, new EnergyMeter(() => 0, 21), () => {});
  const socket = bearer.connect("h", 1, undefined, handlers);
  t.deepEqual(log, []);
  bearer.up = true;
  t.deepEqual(log, ["tcp h:1"]);
  far().onConnect();
  bearer.up = false;
  socket.write(Buffer.from("a"));
  far().onData(Buffer.from("b"));
  far().onClose();
  bearer.up = true;
  t.deepEqual(log, ["tcp h:1", "onConnect", "write a", "onData b", "onClose undefined"]);
});

test("a connection for which too much waits is lost", (t) => {
  const { log, handlers, network, far } = recorder();
  const bearer = new Bearer(network, new EnergyMeter(() => 0, 21), () => {});
  bearer.up = true;
  const socket = bearer.connect("h", 1, undefined, handlers);
  bearer.up = false;
  for (let i = 0; i < 1001; i++) socket.write(Buffer.from("x"));
  t.deepEqual(log, ["tcp h:1", "destroy", "onClose too much waiting"]);
  bearer.up = true;
  socket.write(Buffer.from("x"));
  far().onData(Buffer.from("x"));
  t.is(log.length, 3);
});

test("destroyed connections are silent; an orderly end without radio is none", (t) => {
  const { log, handlers, network, far } = recorder();
  const bearer = new Bearer(network, new EnergyMeter(() => 0, 21), () => {});
  bearer.up = true;
  bearer.connect("h", 1, undefined, handlers);
  bearer.destroyAll();
  far().onClose();
  t.deepEqual(log, ["tcp h:1", "destroy"]);
  const socket = bearer.connect("h", 2, undefined, handlers);
  bearer.up = false;
  socket.end();
  t.deepEqual(log.slice(2), ["tcp h:2", "destroy"]);
});

test('AT+QMTCFG="SSL" uses the network\'s TLS where it has one', (t) => {
  const { log, network } = recorder();
  const rig = running({ network }).online(t);
  t.is(rig.say('AT+QMTCFG="SSL",0,1,2\r'), ok);
  rig.say('AT+QMTOPEN=0,"broker.example",8883\r');
  rig.say('AT+QMTOPEN=1,"broker.example",1883\r');
  t.deepEqual(log, ["tls broker.example:8883", "tcp broker.example:1883"]);
});
