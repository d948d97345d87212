// Publishes a measurement at regular intervals. It outlives lost connections: measurements wait in the queue meanwhile, and
// the broker tells everyone that the sensor is offline. In between the modem sleeps, if it can do so without a pin. It switches no power;
// the modem has to be on.
//
//   node sensor.js /dev/ttyUSB0 broker.example.org:1883 internet 60
import net from "node:net";
import os from "node:os";
import { M95Error, openM95 } from "m95-mqtt";

const [port = "/dev/ttyUSB0", broker = "broker.example.org", apn = "internet", seconds = "60"] = process.argv.slice(2);
const [host, brokerPort = "1883"] = broker.split(":");

/** Stands in for a sensor: the machine's free memory, in megabytes. */
const measure = (): string => (os.freemem() / 1e6).toFixed(1);

// A serial port, or host:port of a serial server.
const [server, tcpPort] = port.split(":");
const modem = await openM95(tcpPort ? net.connect(Number(tcpPort), server) : port, {
  apn,
  // By AT+QSCLK=2. Firmware that has no 2 stays awake, which an "error" tells; then it takes DTR (docs/battery.md).
  sleep: "auto",
});
modem.on("recovery", ({ cause, step }) => console.log(`modem: ${cause}, ${step}`));
modem.on("error", (error) => console.log(`modem: ${error.message}`));

const client = modem.connect({
  host: host!,
  port: Number(brokerPort),
  clientId: `sensor-${os.hostname()}`.slice(0, 23),
  will: { topic: "sensor/status", payload: "offline", qos: 1, retain: true },
  queueLimit: 100,
  // A measurement that may or may not have arrived is sent again: twice is better than never.
  unknown: "resend",
});
client.on("connect", () => {
  console.log("connected");
  client.publish("sensor/status", "online", { qos: 1, retain: true });
});
client.on("close", (reason) => console.log(`closed${reason ? `: ${reason.message}` : ""}`));
client.on("error", (error) => console.log(error.message));

function publish(): void {
  const value = measure();
  client.publish("sensor/memory", value, { qos: 1 }, (error) => {
    if (!error) console.log(`published ${value}`);
    else if (error instanceof M95Error && error.code === "EQUEUE")
      console.log(`dropped ${value}: offline for too long`);
    else console.log(`not published ${value}: ${error.message}`);
  });
}

publish();
const timer = setInterval(publish, Number(seconds) * 1000);

process.once("SIGTERM", stop).once("SIGINT", stop);

async function stop(): Promise<void> {
  clearInterval(timer);
  // An orderly end publishes no will, so this says it.
  if (client.connected) await client.publishAsync("sensor/status", "offline", { qos: 1, retain: true }).catch(() => {});
  await client.endAsync();
  modem.close();
}
