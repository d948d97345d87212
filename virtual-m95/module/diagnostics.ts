// Commands that tell a person what is wrong: QNSTATUS, QENG, QLOCKF, QTEMP, CBC, CEER, QIDNSGIP, QPING. They decide nothing.

import { CmeError, cme } from "../at/errors.js";
import type { Call, CommandTable } from "../at/interpreter.js";
import type { Device } from "../device.js";
import type { Bearer } from "./bearer.js";
import type { CellNetwork } from "./cell-network.js";
import type { PdpContext } from "./pdp-context.js";

/** Between two lines of AT+QENG=2, ms. */
const ENGINEERING = 5000;
const PINGS = 4;
/** ms that a ping is waited for. */
const PING_LIMIT = 4000;
/** The same for AT+QIDNSGIP. */
const NAME_LIMIT = 14_000;
/** Documentation addresses: nobody has them (RFC 5737). */
const ADDRESS = "192.0.2.1";

interface Parts {
  cell: CellNetwork;
  pdp: PdpContext;
  bearer: Bearer;
}

export function diagnosticCommands(device: Device, { cell, pdp, bearer }: Parts): CommandTable {
  const { options, timers } = device;
  const given = options.diagnostics ?? {};
  let locked = given.frequencyLock ?? 0;
  let engineering = 0;
  const report = (): void => {
    if (engineering !== 2) return;
    const { rssi } = cell.signal;
    if (cell.registered) device.urc(`+QENG: 0,262,01,1a2b,3c4d,24,56,${rssi === 99 ? -113 : -113 + 2 * rssi},0,0`);
    else device.urc("+QENG: 0,x,x,x,x,x,x,x,x,x");
    timers.after(ENGINEERING, report);
  };
  const needsContext = (): void => {
    if (!pdp.active) throw new CmeError(cme.notAllowed);
  };
  return {
    "+CBC": { exec: (call) => call.info(`+CBC: 0,82,${given.millivolts ?? 3955}`) },
    "+CEER": { exec: (call) => call.info(`+CEER: ${given.cause ?? pdp.cause ?? "No information available"}`) },
    "+QNSTATUS": {
      exec: (call) => call.info(`+QNSTATUS: ${cell.registered ? 0 : cell.signal.rssi === 99 ? 1 : 2}`),
    },
    "+QTEMP": { read: (call) => call.info("+QTEMP: 0,1180,24") },
    "+QLOCKF": {
      read: (call) => call.info(`+QLOCKF: ${locked}`),
      write: (_call, params) => {
        locked = params.int(0, 0, 1, "<mode>") as 0 | 1;
      },
    },
    "+QENG": {
      read: (call) => call.info(`+QENG: ${engineering}`),
      write: (call, params) => {
        engineering = params.int(0, 0, 4, "<mode>");
        call.ok();
        timers.after(ENGINEERING, report);
      },
    },
    "+QIDNSGIP": {
      write: (call, params) => {
        const host = params.string(0, "<host name>", 255);
        needsContext();
        call.ok();
        if (!bearer.up) timers.after(NAME_LIMIT, () => device.urc("ERROR: 5"));
        else timers.after(4 * device.timing.result, () => device.urc(bearer.knows(host) ? ADDRESS : "ERROR: 4"));
      },
    },
    "+QPING": {
      write: (call, params) => {
        const host = params.string(0, "<host>", 255);
        needsContext();
        ping(device, call, bearer, host);
      },
    },
  };
}

function ping(device: Device, call: Call, bearer: Bearer, host: string): void {
  const { timers, timing } = device;
  const urc = (text: string): void => device.urc(text);
  call.ok();
  const lost = !bearer.up;
  const each = lost ? PING_LIMIT : 10 * timing.result;
  if (!bearer.knows(host)) {
    timers.after(each, () => urc("+QPING: 4"));
    return;
  }
  for (let i = 1; i <= PINGS; i++)
    timers.after(i * each, () => {
      urc(lost ? "+QPING: 1" : `+QPING: 0,${ADDRESS},32,${each},255`);
      if (i < PINGS) return;
      urc(lost ? `+QPING: 2,${PINGS},0,${PINGS},0,0,0` : `+QPING: 2,${PINGS},${PINGS},0,${each},${each},${each}`);
    });
}
