// A program on a serial port, for serial.test.ts: serialport's native part works in a process's main thread only, and AVA
// runs tests in others. Takes the path; prints what it got, and ends by itself because it closes the port.
import { openM95 } from "../../targets/node/index.js";

const modem = await openM95(process.argv[2]!, { apn: "internet" });
const client = modem.connect({ host: "broker.example", clientId: "serial" });
await client.subscribeAsync("loop", { qos: 2 });
const message = new Promise<[string, Buffer]>((resolve) => {
  client.on("message", (topic, payload) => resolve([topic, payload]));
});
await client.publishAsync("loop", Buffer.from(Array.from({ length: 224 }, (_, i) => i + 32)), { qos: 2 });
const [topic, payload] = await message;
const { imei } = await modem.identityAsync();
await client.endAsync();
const busy = await openM95(process.argv[2]!).catch((error: Error) => error.message);
const states: string[] = [];
modem.on("state", (state) => states.push(state)).on("error", (error) => states.push(error.message));
await modem.closeAsync();
console.log(JSON.stringify({ topic, payload: payload.toString("latin1"), imei, busy, states }));
