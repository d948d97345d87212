// The command table of the core, taken apart into rows and parameters. For the documentation and the tests; the firmware
// reads its strings as it goes.
import { commands } from "../../core/m95/commands.js";

/** Rows of the commands that m95/tls.ts puts together by itself, out of options that were looked at. */
const TLS_COMMANDS =
  '\nQSECREAD|5000|tls.file:"' +
  '\nQSECDEL|5000|tls.file:"' +
  '\nQSSLCFG.cacert|5000|tls.context:0-5 tls.file:"' +
  '\nQSSLCFG.clientcert|5000|tls.context:0-5 tls.file:"' +
  '\nQSSLCFG.clientkey|5000|tls.context:0-5 tls.file:"' +
  "\nQSSLCFG.seclevel|5000|tls.context:0-5 tls.securityLevel:0-2" +
  "\nQSSLCFG.sslversion|5000|tls.context:0-5 tls.version:0-4" +
  '\nQSSLCFG.ciphersuite|5000|tls.context:0-5 tls.cipherSuites:"6' +
  "\nQSSLCFG.ignorertctime|5000|tls.ignoreTime:0-1" +
  "\nQSSLCFG.negotiatetime|5000|tls.context:0-5 tls.negotiateTime:10-300" +
  '\nCCLK|5000|time:"20\n.';

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
  /** The string it stands in. */
  table: string;
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

/** The rows of the command table. */
export function readTable(): Row[] {
  return [commands(), TLS_COMMANDS].flatMap((table) =>
    table
      .slice(1, -2)
      .split("\n")
      .map((line) => {
        const [name, wait, spec = "", result = "", prompt = "", final = ""] = line.split("|") as [string, ...string[]];
        const parameters: Parameter[] = [];
        let optional = false;
        let repeats = false;
        for (const part of spec.split(/([ /*])/)) {
          if (part === "/") optional = true;
          else if (part === "*") repeats = true;
          else if (part.trim()) parameters.push(readParameter(part, optional, repeats));
        }
        return {
          table,
          name,
          forms: FORMS[name] ?? "W",
          wait: Number(wait),
          result,
          prompt,
          final,
          parameters,
        };
      }),
  );
}
