// The end of a check-up: questions that need no network, power-off where the key can switch it on again, and whatever was
// switched on is switched off.

import type { Examination } from "../examination.js";

/** Longest command line that is tried. */
const LONG = 600;

/** Asks what can be asked of any M95. */
export async function curious(of: Examination): Promise<void> {
  const { line } = of;
  const sleep = (await line.ask("AT+QSCLK=?")).lines[0];
  if (sleep) of.answers.set(2, sleep);
  const mux = await line.ask("AT+CMUX=?");
  of.answers.set(3, mux.ok ? (mux.lines[0] ?? "OK") : (mux.final ?? "no answer"));
  const file = (await line.ask("AT+QSECWRITE=?")).lines[0];
  if (file) of.answers.set(4, file);
  // The same harmless setting again and again, on one line.
  let longest = 0;
  for (const length of [200, 255, 256, 300, 400, LONG]) {
    const { ok } = await line.ask(`AT${"E0".repeat(length / 2)}`.slice(0, length), { timeout: 3000 });
    if (!ok) break;
    longest = length;
  }
  of.answers.set(
    1,
    longest === LONG ? `at least ${LONG} characters` : `${longest} characters are taken, the next try was not`,
  );
}

async function offAndOn(of: Examination): Promise<void> {
  const { line, options } = of;
  const began = line.now;
  const answer = await line.ask("AT+QPOWD=1", { timeout: 15_000, final: /^NORMAL POWER DOWN$/ });
  if (answer.final !== "NORMAL POWER DOWN") {
    of.find("no-poweroff", "AT+QPOWD=1", answer.final ?? "no answer");
    return;
  }
  of.row("AT+QPOWD=1", `NORMAL POWER DOWN after ${((line.now - began) / 1000).toFixed(1)} s`);
  await line.wait(2000);
  const pressed = line.now;
  await options.key!.press(2100);
  let ok = false;
  while (!ok && line.now < pressed + 12_000) ok = (await line.ask("AT", { timeout: 500 })).ok;
  of.booted = line.now;
  const took = `${((line.now - pressed) / 1000).toFixed(1)} s from the press to the first answer`;
  of.row("PWRKEY for 2.1 s", ok ? took : "it does not answer again", ok ? "ok" : "warning");
  if (ok) of.answers.set(7, took);
}

export async function end(of: Examination): Promise<boolean> {
  const { line } = of;
  if (!of.quick) await curious(of);
  const undone = [...of.undo];
  const leave = undone.filter((command) => !/^AT(E1|\+CMEE)/.test(command));
  for (const command of leave) await line.ask(command, { timeout: 40_000, final: /^DEACT OK$/ });
  if (of.options.key && !of.quick) await offAndOn(of);
  for (const command of undone) if (!leave.includes(command)) await line.ask(command);
  of.row(
    "what was switched on",
    undone.length > 0 ? `undone: ${undone.map((one) => one.replace(/=.*/, "=…")).join(", ")}` : "nothing",
  );
  return true;
}
