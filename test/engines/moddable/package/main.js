// What an application sees of the package that npm installed and mcpack bundled. It opens no port.

import Serial from "embedded:io/serial";
import { Client, M95, M95Error } from "m95-mqtt";
import DefaultClient from "m95-mqtt/client";

function code(options) {
  try {
    new M95(options);
  } catch (error) {
    return error instanceof M95Error ? error.code : `${error}`;
  }
}

trace(`@${Client === DefaultClient ? "passed" : "failed"} installed: the package's names lead to one class\n`);
const refused = code({ serial: { io: Serial }, board: "no such board" });
trace(`@${refused === "EPARAM" ? "passed" : "failed"} installed: bad options are refused\n`);
trace("@done\n");
