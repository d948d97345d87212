// Radio and packet side, and the way to the broker. What is switched on here is switched off again.

import { causeText } from "../causes.js";
import type { Examination } from "../examination.js";
import type { FindingId } from "../findings.js";
import { supply } from "./module.js";

/** ms in which a network is found. */
const REGISTERS = 90_000;
const QUICK = 30_000;

interface Registration {
  creg: number;
  cgreg: number;
  attached: boolean;
}

const states = ["not searching", "home", "searching", "denied", "unknown", "roaming"];
const good = (stat: number): boolean => stat === 1 || stat === 5;

async function registration({ line }: Examination): Promise<Registration> {
  const stat = async (name: string): Promise<number> => {
    const { lines } = await line.ask(`AT+${name}?`);
    return Number(/: ?\d+, ?(\d+)/.exec(lines[0] ?? "")?.[1] ?? 4);
  };
  const creg = await stat("CREG");
  const cgreg = await stat("CGREG");
  const { lines } = await line.ask("AT+CGATT?");
  return { creg, cgreg, attached: /: ?1/.test(lines[0] ?? "") };
}

async function signal(of: Examination): Promise<number> {
  const { line } = of;
  const seen: number[] = [];
  for (let i = 0; i < (of.quick ? 3 : 10); i++) {
    const { lines } = await line.ask("AT+CSQ");
    const rssi = /\+CSQ: ?(\d+)/.exec(lines[0] ?? "")?.[1];
    if (rssi !== undefined) seen.push(Number(rssi));
    await line.wait(1000);
  }
  const known = seen.filter((rssi) => rssi !== 99);
  if (known.length === 0) return 99;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const dbm = (rssi: number): string => `${-113 + 2 * rssi} dBm`;
  of.facts.signal = low === high ? `${low} (${dbm(low)})` : `${low} to ${high} (${dbm(low)} to ${dbm(high)})`;
  return low;
}

/** The serving cell; always switched off again, since it is stored. */
async function cell(of: Examination): Promise<void> {
  const { line } = of;
  const since = line.now;
  if (!(await line.ask("AT+QENG=2")).ok) {
    of.row("AT+QENG=2", "it does not know this", "note");
    return;
  }
  const served = await line.expect(/^\+QENG: ?0,(.*)/, 6000, since);
  await line.ask("AT+QENG=0");
  const [mcc, mnc, , , , , dbm] = (served?.[1] ?? "").split(",");
  of.row(
    "AT+QENG",
    served ? `network ${mcc}-${mnc}, serving cell at ${dbm} dBm` : "no serving cell",
    served ? "ok" : "note",
  );
}

export async function radio(of: Examination): Promise<boolean> {
  const { line } = of;
  const until = line.now + (of.quick ? QUICK : REGISTERS);
  let state = await registration(of);
  // Denied by one network, a roaming SIM may be taken by the next.
  while (!good(state.cgreg) && !state.attached && line.now < until) {
    await line.wait(2000);
    state = await registration(of);
  }
  const packets = good(state.cgreg) || state.attached;
  const status = (await line.ask("AT+QNSTATUS")).lines[0];
  if (status) of.row("AT+QNSTATUS", status);
  const rssi = await signal(of);
  const seen = `CREG ${states[state.creg]}, CGREG ${states[state.cgreg]}, CGATT ${state.attached ? 1 : 0}`;
  const level = rssi === 99 ? "no signal" : (of.facts.signal ?? "");
  if (!packets) {
    let id: FindingId = "no-network";
    if (rssi === 99 && !good(state.creg)) id = "no-antenna";
    else if (good(state.creg)) id = "no-data-plan";
    else if (state.creg === 3) id = "denied";
    else if (state.creg === 0) id = "not-searching";
    if (id === "no-network" && rssi <= 10) of.find("signal-weak", "AT+CSQ", level);
    of.find(id, "AT+CREG?, AT+CGREG?, AT+CSQ", `${seen}; ${level}`);
    const cause = (await line.ask("AT+CEER")).lines[0];
    if (cause) of.row("AT+CEER", causeText(cause), "note");
    return false;
  }
  of.row("AT+CREG?, AT+CGREG?, AT+CGATT?", seen);
  if (rssi <= 10) of.find("signal-weak", "AT+CSQ", level);
  else of.row("AT+CSQ", level, rssi <= 15 || rssi === 99 ? "note" : "ok");
  await cell(of);
  const { lines } = await line.ask("AT+COPS?", { timeout: 10_000 });
  const operator = /"([^"]*)"/.exec(lines[0] ?? "")?.[1];
  if (operator) of.facts.operator = operator;
  return true;
}

/** CEER numbers of location 1 that say more than that it failed. */
const CAUSES: Record<string, FindingId> = {
  "1,3099": "apn-unknown",
  "1,3101": "apn-login",
  "1,2055": "no-data-plan",
  "1,2166": "apn-login",
  "3,2": "apn-login",
  "1,3105": "not-subscribed",
  "1,2070": "congestion",
  "1,3098": "congestion",
  "1,3080": "not-subscribed",
};

export async function packets(of: Examination): Promise<boolean> {
  const { line, options } = of;
  const { apn, apnUser, apnPassword } = options;
  const attach = await line.ask("AT+CGATT?");
  if (!/: ?1/.test(attach.lines[0] ?? "")) {
    const { ok, final } = await line.ask("AT+CGATT=1", { timeout: 75_000 });
    if (!ok) {
      of.find("no-attach", "AT+CGATT=1", final ?? "no answer");
      return false;
    }
  }
  if (apn === undefined) {
    of.row("AT+QIACT", "left out: no APN was given", "skipped");
    return false;
  }
  await line.ask("AT+QIDEACT", { timeout: 40_000, final: /^DEACT OK$/ });
  await line.ask("AT+QIFGCNT=0");
  const login = apnUser === undefined ? "" : `,"${apnUser}","${apnPassword ?? ""}"`;
  await line.ask(`AT+QICSGP=1,"${apn}"${login}`);
  await line.ask("AT+QIREGAPP");
  const { ok, ms, final } = await line.ask("AT+QIACT", { timeout: 150_000 });
  if (!ok) {
    const cause = (await line.ask("AT+CEER")).lines[0] ?? "";
    const numbers = /(\d+), ?(\d+)/.exec(cause);
    const id = numbers ? CAUSES[`${numbers[1]},${numbers[2]}`] : undefined;
    of.find(id ?? "pdp-failed", "AT+QIACT, AT+CEER", `${final ?? "no answer"}; ${causeText(cause)}`);
    return false;
  }
  of.undo.push("AT+QIDEACT");
  const address = await line.ask("AT+QILOCIP", { final: /^\d+\.\d+\.\d+\.\d+$/ });
  of.row("AT+QIACT", `${(ms / 1000).toFixed(1)} s; ${address.ok ? "it has an address" : "no address"}`);
  await supply(of, "while it transmits");
  return true;
}

/** Bytes that a name, four pings and their answers take, about. */
const ROUTE_BYTES = 600;

export async function route(of: Examination): Promise<boolean> {
  const { line, options } = of;
  const host = options.broker?.host;
  if (host === undefined) {
    of.row("AT+QIDNSGIP", "left out: no broker was given", "skipped");
    return false;
  }
  of.row("data", `about ${ROUTE_BYTES} bytes from here on to the next stage`, "note");
  const since = line.now;
  let resolved = true;
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(host)) {
    const asked = await line.ask(`AT+QIDNSGIP="${host}"`, { timeout: 5000 });
    const known = asked.ok ? await line.expect(/^(?:(\d+\.\d+\.\d+\.\d+)|ERROR: ?(\d+))$/, 16_000, since) : undefined;
    resolved = known?.[1] !== undefined;
    const error = known?.[2];
    if (resolved) of.row("AT+QIDNSGIP", `${((line.now - since) / 1000).toFixed(1)} s`);
    else if (!asked.ok) of.row("AT+QIDNSGIP", `refused: ${asked.final ?? "no answer"}`, "note");
    else if (error === "4" || error === "2") of.find("dns", "AT+QIDNSGIP", `no such name (error ${error})`);
    else of.find("no-route", "AT+QIDNSGIP", error === undefined ? "no answer in 16 s" : `error ${error}`);
    if (!resolved && asked.ok) return false;
  }
  const began = line.now;
  const ping = await line.ask(`AT+QPING="${host}"`, { timeout: 10_000 });
  const last = ping.ok
    ? await line.expect(/^\+QPING: ?(?:2,(\d+),(\d+),\d+,(\d+),(\d+),(\d+)|[345].*)$/, 30_000, began)
    : undefined;
  if (!last) of.row("AT+QPING", "no result", "note");
  else if (Number(last[2]) > 0) of.row("AT+QPING", `${last[2]} of ${last[1]} came back, ${last[3]} to ${last[4]} ms`);
  else of.row("AT+QPING", "none came back; many hosts answer no ping", "note");
  return true;
}
