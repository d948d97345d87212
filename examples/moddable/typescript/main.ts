// The same in TypeScript, with pins instead of a board, with promises, and with a store that keeps reports over power cuts:
// reports out, commands in, an orderly end. Between them the modem sleeps: a command wakes it (RI).

import device from "embedded:provider/builtin";
import { M95, M95Error, type MqttClient, preferenceStore } from "m95-mqtt";
import Preference from "preference";
import Timer from "timer";

const modem = new M95({
  serial: { io: device.io.Serial, port: 2, transmit: 17, receive: 16, baud: 115200 },
  power: { digital: device.io.Digital, pwrkey: 25, status: 34, emergOff: 26, dtr: 32, ri: 35 },
  apn: { name: "internet", username: "", password: "" },
  sleep: "auto",
});

async function report(client: MqttClient, topic: string, value: object): Promise<void> {
  try {
    await client.publishAsync(topic, JSON.stringify(value), { qos: 1 });
  } catch (error) {
    // An unhandled rejection would end the program.
    if (error instanceof M95Error && error.code === "EUNKNOWN") trace("it may or may not have arrived\n");
    else trace(`not sent: ${error}\n`);
  }
}

modem.start((error) => {
  if (error) {
    trace(`the modem did not start: ${error.message}\n`);
    return;
  }
  const client = modem.connect({
    host: "test.mosquitto.org",
    clientId: "m95-example",
    clean: false,
    // Twice the time between two reports: no PINGREQ, for which the modem would wake.
    keepalive: 600,
    // With QoS 1 it loses nothing, and may send twice. QoS 2 would send nothing twice, and tell what may be lost.
    store: preferenceStore(Preference, "outbox"),
    queuePolicy: "drop-oldest",
  });
  client.on("message", (topic: string, payload: ArrayBuffer) => {
    trace(`${topic}: ${payload.byteLength} bytes\n`);
    if (topic.endsWith("/off")) client.end(() => modem.stop(() => trace("the modem is off\n")));
  });
  client.subscribe({ "m95-mqtt/example/off": { qos: 1 } }, (refused, granted) => {
    if (refused) trace(`not subscribed: ${refused.message}\n`);
    else trace(`granted: QoS ${granted?.[0]?.qos}\n`);
  });
  modem.identity((_failed, identity) => {
    if (identity) report(client, "m95-mqtt/example/identity", identity);
  });
  Timer.repeat(() => {
    modem.battery((_failed, battery) => {
      if (battery) report(client, "m95-mqtt/example/battery", battery);
    });
  }, 300_000);
});
