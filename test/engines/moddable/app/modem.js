// The modem of the test app, on the pty of the virtual M95 and with its pins. It starts nothing.

import Serial from "embedded:io/serial";
import Digital from "digital";
import { M95 } from "m95-mqtt";
import config from "mc/config";

const modem = new M95({
  serial: { io: Serial, device: config.uart, baud: 115200 },
  power: { digital: Digital, pwrkey: 0, status: 1, emergOff: 2, dtr: 4 },
  apn: "internet",
  sleep: "manual",
});
if (config.trace) modem.on("trace", (direction, text) => trace(`${direction}${text}\n`));

export default modem;
