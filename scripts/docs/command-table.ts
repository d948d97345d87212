// The command table of the core, taken apart into rows, and the parameters of each command. For the documentation and the tests; the
// firmware reads its strings as it goes.
import { COMMAND_TABLE, DEFAULT_WAIT } from "../../core/m95/commands.js";

/**
 * Parameters of each command's write form, `name:min-max` for integers, `name:"max` for quoted strings of at most max bytes; "/" in front
 * of the first optional one, "*" in front of the first one that repeats; behind "|" the maximum time until the result URC, ms, or P: the
 * packet time-outs of AT+QMTCFG="TIMEOUT". Who writes them checks them: mqtt/options.ts, m95/options.ts and m95/tls.ts.
 */
const PARAMETERS = `
QMTCFG
QMTCFG.WILL|id:0-5 /will:0-1 will.qos:0-2 will.retain:0-1 will.topic:" will.payload:"
QMTCFG.TIMEOUT|id:0-5 /packetTimeout:1-60 retryTimes:0-10 notice:0-1
QMTCFG.SESSION|id:0-5 /clean:0-1
QMTCFG.KEEPALIVE|id:0-5 /keepalive:0-3600
QMTCFG.SSL|id:0-5 /tls:0-1 tls.context:0-5
QMTOPEN|id:0-5 host:"100 port:1-65535|75000
QMTCLOSE|id:0-5|300
QMTCONN|id:0-5 clientId:" /username:" password:"|P
QMTDISC|id:0-5|300
QMTSUB|id:0-5 msgID:1-65535 *topic:" qos:0-2|P
QMTUNS|id:0-5 msgID:1-65535 *topic:"|P
QMTPUB|id:0-5 msgID:0-65535 qos:0-2 retain:0-1 topic:"|P
CPIN|pin:"8
CREG
CGREG
CGATT
COPS
CFUN
IPR
IFC
QIFGCNT
QICSGP|context:1-1 apn:"100 /apn.username:"50 apn.password:"50
QIREGAPP
QIACT
QIDEACT
QILOCIP
QICLOSE
QSECWRITE|tls.file:" tls.size:1-32768 tls.wait:1-1000
QSCLK
QPOWD
QSECREAD|tls.file:"
QSECDEL|tls.file:"
QSSLCFG.cacert|tls.context:0-5 tls.file:"
QSSLCFG.clientcert|tls.context:0-5 tls.file:"
QSSLCFG.clientkey|tls.context:0-5 tls.file:"
QSSLCFG.seclevel|tls.context:0-5 tls.securityLevel:0-2
QSSLCFG.sslversion|tls.context:0-5 tls.version:0-4
QSSLCFG.ciphersuite|tls.context:0-5 tls.cipherSuites:"6
QSSLCFG.ignorertctime|tls.ignoreTime:0-1
QSSLCFG.negotiatetime|tls.context:0-5 tls.negotiateTime:10-300
CCLK|time:"20`;

/** The firmware's table: fields of the row of each name. */
export const KNOWN = new Map(
  COMMAND_TABLE.slice(1, -2)
    .split("\n")
    .flatMap((line) => {
      const [names, ...fields] = line.split("|") as [string, ...string[]];
      return names
        .trim()
        .split(" ")
        .map((name): [string, string[]] => [name, fields]);
    }),
);

/** The forms that the driver knows of each command: T test, R read, W write, Q write that leaves values out and so queries, X execution. */
const FORMS: { [name: string]: string } = {
  QMTCFG: "T",
  "QMTCFG.WILL": "WQ",
  "QMTCFG.TIMEOUT": "WQ",
  "QMTCFG.SESSION": "WQ",
  "QMTCFG.KEEPALIVE": "WQ",
  "QMTCFG.SSL": "WQ",
  QMTOPEN: "TRW",
  QMTCLOSE: "TW",
  QMTCONN: "TRW",
  QMTDISC: "TW",
  QMTSUB: "TW",
  QMTUNS: "TW",
  QMTPUB: "TW",
  CPIN: "RW",
  CREG: "RW",
  CGREG: "RW",
  CGATT: "RW",
  COPS: "TRW",
  CFUN: "RW",
  IPR: "RW",
  IFC: "RW",
  QIREGAPP: "X",
  QIACT: "X",
  QIDEACT: "X",
  QILOCIP: "X",
  QICLOSE: "X",
  CCLK: "RW",
};

/** A parameter of a row of the table. */
export interface Parameter {
  name: string;
  /** Of integers. */
  min?: number;
  max?: number;
  /** Of quoted strings, bytes; 0: no limit stated. */
  bytes?: number;
  optional: boolean;
  repeats: boolean;
}

/** A row of the command table, taken apart. */
export interface Row {
  name: string;
  forms: string;
  wait: number;
  result: string;
  prompt: string;
  final: string;
  parameters: Parameter[];
}

function readParameter(text: string, optional: boolean, repeats: boolean): Parameter {
  const [name, limit] = text.split(":") as [string, string];
  if (limit.startsWith('"')) return { name, bytes: Number(limit.slice(1)), optional, repeats };
  const [min, max] = limit.split("-").map(Number);
  return { name, min: min!, max: max!, optional, repeats };
}

/** The rows: those of the driver's table, and the commands of m95/tls.ts that have none there. */
export function readTable(): Row[] {
  return PARAMETERS.slice(1)
    .split("\n")
    .map((line) => {
      const [name, spec = "", result = ""] = line.split("|") as [string, ...string[]];
      const [wait = DEFAULT_WAIT, prompt = "", final = ""] = KNOWN.get(name.split(".")[0]!) ?? [];
      const parameters: Parameter[] = [];
      let optional = false;
      let repeats = false;
      for (const part of spec.split(/([ /*])/)) {
        if (part === "/") optional = true;
        else if (part === "*") repeats = true;
        else if (part.trim()) parameters.push(readParameter(part, optional, repeats));
      }
      return { name, forms: FORMS[name] ?? "W", wait: Number(wait), result, prompt, final, parameters };
    });
}
