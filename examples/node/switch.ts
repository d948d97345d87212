// A switch that is operated over MQTT: takes orders from one topic and reports its state to another. Orders given while it
// was away reach it when it is back, because its session at the broker persists. It switches no power of the modem, which stays awake: what
// is switched has mains, and is to obey at once.
//
//   node switch.js /dev/ttyUSB0 broker.example.org:1883 internet lamp
import net from "node:net";
import { openM95 } from "m95-mqtt";

const [port = "/dev/ttyUSB0", broker = "broker.example.org", apn = "internet", name = "lamp"] = process.argv.slice(2);
const [host, brokerPort = "1883"] = broker.split(":");

let on = false;

/** Stands in for a relay. */
function turn(wanted: boolean): void {
  on = wanted;
  console.log(`${name} is ${on ? "on" : "off"}`);
}

// A serial port, or host:port of a serial server.
const [server, tcpPort] = port.split(":");
const modem = await openM95(tcpPort ? net.connect(Number(tcpPort), server) : port, { apn });
modem.on("error", (error) => console.log(`modem: ${error.message}`));

const client = modem.connect({ host: host!, port: Number(brokerPort), clientId: `switch-${name}`, clean: false });
client.on("error", (error) => console.log(error.message));
client.on("message", (_topic, payload) => {
  const order = payload.toString();
  if (order === "on" || order === "off") turn(order === "on");
  else if (order === "toggle") turn(!on);
  else console.log(`no such order: ${order}`);
  report();
});

function report(): void {
  client.publish(`${name}/state`, on ? "on" : "off", { qos: 1, retain: true });
}

process.once("SIGTERM", stop).once("SIGINT", stop);

// Remembered, and made anew after each reconnect.
await client.subscribeAsync(`${name}/set`, { qos: 1 });
console.log("waiting for orders");
report();

async function stop(): Promise<void> {
  await client.endAsync();
  modem.close();
}
