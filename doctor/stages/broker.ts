// The broker: TLS if asked for, the connection, CONNECT. Files go to the modem's RAM under a name of their own, and out again.

import type { Examination } from "../examination.js";
import type { FindingId } from "../findings.js";

/** The last tcpconnectID: the least likely to be in use. */
export const ID = 5;
const FILE = "RAM:m95doctor";
/** ms until +QMTOPEN (application note 3.2.2), with slack. */
const OPENS = 80_000;
/** ms until a result: packet time-out 5 s, three retries, slack. */
export const RESULT = 25_000;

/** A broker that hangs up sooner has read the CONNECT; later it was tired of waiting. */
const HANGS_UP = 4000;

const OPENED: Record<string, string> = {
  "-1": "it cannot be opened",
  "1": "wrong parameter",
  "2": "the tcpconnectID is in use",
  "3": "no PDP context",
  "4": "the name is not known",
  "5": "the network was lost",
};

/** Opens; the result of +QMTOPEN, or undefined. */
async function open(of: Examination): Promise<string | undefined> {
  const { line, options } = of;
  const { host, port } = options.broker!;
  const since = line.now;
  const { ok } = await line.ask(`AT+QMTOPEN=${ID},"${host}",${port}`);
  if (!ok) return undefined;
  const match = await line.expect(new RegExp(`^\\+QMTOPEN: ?${ID},(-?\\d+)`), OPENS, since);
  return match?.[1];
}

async function close({ line }: Examination): Promise<void> {
  const since = line.now;
  const { ok } = await line.ask(`AT+QMTCLOSE=${ID}`);
  if (ok) await line.expect(new RegExp(`^\\+QMTCLOSE: ?${ID}`), 1500, since);
}

/** The CA into the modem, and an SSL context that uses it. */
async function secure(of: Examination, ca: string): Promise<boolean> {
  const { line } = of;
  await line.ask(`AT+QSECDEL="${FILE}"`);
  const { ok, lines, final } = await line.ask(`AT+QSECWRITE="${FILE}",${ca.length},100`, {
    data: ca,
    timeout: 110_000,
  });
  of.undo.unshift(`AT+QSECDEL="${FILE}"`);
  const size = /\+QSECWRITE: ?(\d+),/.exec(lines[0] ?? "")?.[1];
  if (!ok || size !== String(ca.length)) {
    of.find(
      "tls-file",
      "AT+QSECWRITE",
      size === undefined ? (final ?? "no answer") : `${size} of ${ca.length} bytes arrived`,
    );
    return false;
  }
  of.row("AT+QSECWRITE", `${size} bytes, as many as were sent`);
  for (const [type, value] of [
    ["cacert", `"${FILE}"`],
    ["sslversion", "4"],
    ["ciphersuite", '"0XFFFF"'],
    ["seclevel", "1"],
  ])
    await line.ask(`AT+QSSLCFG="${type}",${ID},${value}`);
  await line.ask('AT+QSSLCFG="ignorertctime",0');
  await line.ask(`AT+QMTCFG="SSL",${ID},1,${ID}`);
  return true;
}

/** Which part of TLS it is that fails: asked again with less and less of it. */
async function tlsFails(of: Examination): Promise<void> {
  const { line } = of;
  await line.ask('AT+QSSLCFG="ignorertctime",1');
  const dates = await open(of);
  await close(of);
  await line.ask('AT+QSSLCFG="ignorertctime",0');
  if (dates === "0") {
    const clock = (await line.ask("AT+CCLK?")).lines[0] ?? "unknown";
    of.find("tls-clock", "AT+QMTOPEN with TLS", `it opens when dates do not count; ${clock}`);
    return;
  }
  await line.ask(`AT+QSSLCFG="seclevel",${ID},0`);
  const unseen = await open(of);
  await close(of);
  if (unseen === "0") of.find("tls-ca", "AT+QMTOPEN with TLS", "it opens when no certificate is looked at");
  else
    of.find("tls-refused", "AT+QMTOPEN with TLS", `result ${unseen ?? "none"}, also when no certificate is looked at`);
}

const CONNECT: Record<string, FindingId> = {
  "1": "connect-version",
  "2": "connect-id",
  "3": "connect-unavailable",
  "4": "connect-login",
  "5": "connect-denied",
};

export async function broker(of: Examination): Promise<boolean> {
  const { line, options } = of;
  await close(of);
  for (const setting of [`"SESSION",${ID},1`, `"KEEPALIVE",${ID},60`, `"TIMEOUT",${ID},5,3,1`])
    await line.ask(`AT+QMTCFG=${setting}`);
  if (options.ca !== undefined && !(await secure(of, options.ca))) return false;
  const began = line.now;
  const result = await open(of);
  const seconds = ((line.now - began) / 1000).toFixed(1);
  if (result !== "0") {
    const seen = result === undefined ? "no result in 80 s" : `result ${result}: ${OPENED[result] ?? "unknown"}`;
    await close(of);
    if (result === "4") of.find("dns", "AT+QMTOPEN", seen);
    else if (result === "3") of.find("pdp-failed", "AT+QMTOPEN", seen);
    else if (result === "5") of.find("no-route", "AT+QMTOPEN", seen);
    else if (options.ca !== undefined) await tlsFails(of);
    else of.find("broker-refused", "AT+QMTOPEN", seen);
    return false;
  }
  of.row("AT+QMTOPEN", `${seconds} s`);
  const login = options.user === undefined ? "" : `,"${options.user}","${options.password ?? ""}"`;
  const since = line.now;
  await line.ask(`AT+QMTCONN=${ID},"${options.clientId ?? "m95-doctor"}"${login}`);
  const match = await line.expect(
    new RegExp(`^\\+(?:QMTCONN: ?${ID},(?:0,(\\d+)|(2))|QMTSTAT: ?${ID},(\\d+))`),
    RESULT,
    since,
  );
  const [, code, failed, gone] = match ?? [];
  if (code === "0") {
    of.row("AT+QMTCONN", `accepted in ${((line.now - since) / 1000).toFixed(1)} s`);
    return true;
  }
  if (code !== undefined) of.find(CONNECT[code] ?? "connect-denied", "AT+QMTCONN", `return code ${code}`);
  else if ((gone === "1" || gone === "5") && line.now - since < HANGS_UP)
    of.find("connect-closed", "AT+QMTCONN", `+QMTSTAT: ${ID},${gone}`);
  else of.find("no-connack", "AT+QMTCONN", failed || gone ? "no CONNACK in time" : "no result at all");
  await close(of);
  return false;
}
