// What the module itself is like: supply, firmware, settings left behind, SIM. Nothing is stored, and no PIN is tried twice.

import { COMMAND_TABLE } from "../../core/m95/commands.js";
import type { Examination } from "../examination.js";
import type { FindingId } from "../findings.js";

/** mV. */
const LOW = 3500;
const HIGH = 4500;
/** ms that a SIM may take to wake up. */
const SIM_WAKES = 25_000;
/** Fewer tries than these, and a wrong PIN was tried before. */
const PIN_TRIES = 3;

/** What AT+CBC says, with its verdict. */
export async function supply(of: Examination, when: string): Promise<void> {
  const { lines } = await of.line.ask("AT+CBC");
  const millivolts = Number(/\+CBC: ?\d+,\d+,(\d+)/.exec(lines[0] ?? "")?.[1]);
  if (!millivolts) of.row("AT+CBC", "no answer to it", "note");
  else if (millivolts <= LOW) of.find("supply-low", `AT+CBC ${when}`, `${millivolts} mV`);
  else if (millivolts >= HIGH) of.find("supply-high", `AT+CBC ${when}`, `${millivolts} mV`);
  else of.row(`AT+CBC ${when}`, `${millivolts} mV`);
  if (millivolts) of.facts[`supply ${when}`] = `${millivolts} mV`;
}

export async function power(of: Examination): Promise<boolean> {
  await supply(of, "at rest");
  return true;
}

/** Names in the driver's table whose test form an M95 has. */
function tested(): string[] {
  return COMMAND_TABLE.split("\n")
    .flatMap((row) => row.split("|")[0]!.split(" "))
    .filter(
      (name) => name.length > 1 && name !== "QIREGAPP" && !/^(QIACT|QIDEACT|QILOCIP|QICLOSE|QPOWD|COPS)$/.test(name),
    );
}

export async function firmware(of: Examination): Promise<boolean> {
  const { line } = of;
  const about = await line.ask("ATI");
  of.facts.model = about.lines.join(", ") || "unknown";
  of.row("ATI", about.lines.join(", ") || "no answer", about.ok ? "ok" : "note");
  const model = about.lines.find((one) => /M95|M66|MC60|MC20|M10|M35|M50|M85|BC|BG|EC/.test(one));
  of.differs("model", "an M95", model === undefined || /M95/.test(model) ? "an M95" : model);
  const missing: string[] = [];
  let length = false;
  for (const name of tested()) {
    const { ok, lines } = await line.ask(`AT+${name}=?`);
    if (!ok) missing.push(`AT+${name}`);
    if (name === "QMTPUB") length = /length/i.test(lines.join());
  }
  const mqtt = missing.filter((name) => name.includes("QMT"));
  if (mqtt.includes("AT+QMTOPEN")) {
    of.find("no-mqtt", "test forms of AT+QMT…", `refused: ${mqtt.join(", ")}`);
    return false;
  }
  if (missing.length === 0) of.row("test forms of the driver's commands", "it has them all");
  else of.row("test forms of the driver's commands", `refused: ${missing.join(", ")}`, "note");
  for (const name of missing) of.differs(`${name}=?`, "it has it", "refused");
  of.differs("AT+QMTPUB", "data until Ctrl+Z", length ? "takes a length" : "data until Ctrl+Z");
  const ccid = await line.ask("AT+QCCID");
  if (ccid.ok) of.answers.set(5, ccid.lines[0]?.startsWith("+") ? "with the prefix +QCCID:" : "a bare line");
  return true;
}

/** Settings that make trouble when they were stored: what is asked, what is fine, and what it is otherwise. */
const SETTINGS: [ask: string, fine: RegExp, FindingId][] = [
  ["AT+CFUN?", /^\+CFUN: ?1/, "radio-off"],
  ["AT+QSCLK?", /^\+QSCLK: ?0/, "sleep-on"],
  ["AT+IFC?", /^\+IFC: ?0, ?0/, "flow-on"],
  ["AT+QLOCKF?", /^\+QLOCKF: ?0/, "locked"],
];

export async function settings(of: Examination): Promise<boolean> {
  const { line } = of;
  const cmee = await line.ask("AT+CMEE?");
  const before = /\+CMEE: ?(\d)/.exec(cmee.lines[0] ?? "")?.[1];
  if (before !== undefined && before !== "1") of.undo.push(`AT+CMEE=${before}`);
  await line.ask("AT+CMEE=1");
  for (const [ask, fine, id] of SETTINGS) {
    const { ok, lines } = await line.ask(ask);
    const seen = lines[0];
    if (!ok || seen === undefined) of.row(ask, "it does not know this", "note");
    else if (fine.test(seen)) of.row(ask, seen);
    else if (seen.startsWith(`${ask.slice(2, -1)}:`)) of.find(id, ask, seen);
    else of.row(ask, `damaged: ${seen}`, "warning");
  }
  const rate = /\+IPR: ?(\d+)/.exec((await line.ask("AT+IPR?")).lines[0] ?? "")?.[1];
  of.row("AT+IPR?", rate === "0" ? "finds the rate by itself" : `${rate ?? "unknown"} baud`, "ok");
  if (of.findings.some(({ id }) => id === "radio-off")) {
    // Asked once more: a damaged answer must not switch off at the end what was on.
    const was = /^\+CFUN: ?(\d)$/.exec((await line.ask("AT+CFUN?")).lines[0] ?? "")?.[1];
    if (was !== undefined && was !== "1") {
      of.undo.push(`AT+CFUN=${was}`);
      await line.ask("AT+CFUN=1", { timeout: 15_000 });
    }
  }
  return true;
}

const SIM_ERRORS: Record<number, FindingId> = {
  10: "sim-absent",
  13: "sim-failure",
  14: "sim-busy",
  15: "sim-failure",
};

export async function sim(of: Examination): Promise<boolean> {
  const { line, options } = of;
  const until = line.now + SIM_WAKES;
  for (;;) {
    const { ok, lines, cme, final } = await line.ask("AT+CPIN?");
    const state = /\+CPIN: ?(.*)/.exec(lines[0] ?? "")?.[1] ?? final ?? "no answer";
    if (state === "READY") {
      of.row("AT+CPIN?", "READY");
      return true;
    }
    if (/^SIM PIN$/.test(state)) return enterPin(of, options.pin);
    if (/^SIM PUK/.test(state)) {
      of.find("sim-puk", "AT+CPIN?", state);
      return false;
    }
    if (/^PH-/.test(state)) {
      of.find("phone-lock", "AT+CPIN?", state);
      return false;
    }
    if (line.now >= until || (of.quick && (state === "NOT INSERTED" || cme === 10) && line.now >= until - 20_000)) {
      const busy = /BUSY|NOT READY/.test(state) ? "sim-busy" : "sim-failure";
      of.find(
        /NOT INSERTED/.test(state) ? "sim-absent" : (SIM_ERRORS[cme ?? -1] ?? (ok ? busy : "sim-failure")),
        "AT+CPIN?",
        state,
      );
      return false;
    }
    await line.wait(1000);
  }
}

async function enterPin(of: Examination, pin: string | undefined): Promise<boolean> {
  const { line } = of;
  const { lines, ok } = await line.ask("AT+QTRPIN");
  const tries = ok ? Number(/\+QTRPIN: ?(\d+)/.exec(lines[0] ?? "")?.[1]) : Number.NaN;
  const left = Number.isNaN(tries) ? "how many tries are left it does not tell" : `${tries} tries left`;
  if (pin === undefined) {
    of.find("pin-needed", "AT+CPIN?", `SIM PIN; ${left}`);
    return false;
  }
  if (tries < PIN_TRIES) {
    of.find("pin-tries", "AT+QTRPIN", left);
    return false;
  }
  const answer = await line.ask(`AT+CPIN="${pin}"`, { timeout: 10_000 });
  if (!answer.ok) {
    of.find("pin-wrong", "AT+CPIN, the PIN", `${answer.final ?? "no answer"}; ${left} before`);
    return false;
  }
  of.row("AT+CPIN, the PIN", "taken");
  return sim(of);
}
