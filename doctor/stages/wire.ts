// Port and wire: whether there is a modem at all, and what stands between it and the host.

import type { Examination } from "../examination.js";

/** In the order in which they are met. */
const RATES = [9600, 115_200, 57_600, 38_400, 19_200, 4800, 2400, 28_800, 14_400, 1200];
/** The first AT are lost while it finds the rate. */
const TRIES = 8;
/** ms from one AT to the next. */
const PACE = 500;
/** ms that a modem needs from the press to its first answer. */
const BOOT = 8000;
/** How often AT is sent to see whether the line is clean. */
const SAMPLES = 20;

type Heard = "ok" | "numeric" | "echo" | "garbage" | "nothing";

/** What comes back when AT is sent, up to `tries` times. */
async function probe({ line }: Examination, tries = TRIES): Promise<Heard> {
  line.clear();
  for (let i = 0; i < tries; i++) {
    line.write("AT\r");
    await line.wait(PACE);
    if (/(^|[\r\n])OK\r?\n/.test(line.raw)) return "ok";
    if (/^(AT\r)*0\r(0\r)*$/.test(line.raw)) return "numeric";
  }
  if (line.raw === "") return "nothing";
  return /^(AT\r?\n?)+$/.test(line.raw) ? "echo" : "garbage";
}

async function scan(of: Examination): Promise<number | undefined> {
  const { line, options } = of;
  const own = options.baud ?? 115_200;
  for (const rate of RATES) {
    if (rate === own || !line.setBaud(rate)) continue;
    if ((await probe(of, 3)) === "ok") return rate;
  }
  line.setBaud(own);
  return undefined;
}

/** Whether there is somebody to talk to. */
export async function wire(of: Examination): Promise<boolean> {
  const { line, options } = of;
  let heard = await probe(of);
  if (heard === "nothing" || heard === "echo") heard = await woken(of, heard);
  if (heard === "echo") {
    of.find("echo", "AT", "own bytes, no OK");
    return false;
  }
  if (heard === "nothing" || heard === "garbage") {
    const rate = await scan(of);
    if (rate !== undefined) {
      of.find("rate", "AT at other rates", `it answers at ${rate} baud, not at ${options.baud ?? 115_200}`);
      of.facts.rate = `${rate} baud, fixed`;
    } else if (heard === "garbage") {
      of.find("garbage", "AT at all rates", `${line.raw.length} bytes that are no text`);
      return false;
    } else if (!(await switchedOn(of))) return false;
  }
  if (heard === "numeric") {
    of.find("numeric", "AT", "0 instead of OK");
    await line.ask("ATV1");
  }
  if (heard === "ok") of.row("AT", "OK");
  const { echoed } = await line.ask("ATE0");
  if (echoed) of.undo.push("ATE1");
  of.booted = line.now;
  return clean(of);
}

/** Silence may be a prompt that is open, or sleep; so may be an echo, of what it takes for data. */
async function woken(of: Examination, before: Heard): Promise<Heard> {
  const { line } = of;
  line.clear();
  line.write("\x1b");
  await line.wait(PACE);
  const heard = await probe(of, 3);
  if (heard === "ok") of.find("prompt-left", "ESC, then AT", "OK only behind ESC");
  if (heard !== "nothing" || before === "echo" || !line.dtr(0)) return heard;
  await line.wait(100);
  const awake = await probe(of, 3);
  if (awake === "ok") of.find("asleep", "DTR low, then AT", "OK only while DTR is low");
  return awake;
}

async function switchedOn(of: Examination): Promise<boolean> {
  const { line, options } = of;
  const { key } = options;
  const before = await key?.status?.();
  if (!key) {
    of.find("silence", "AT at all rates", "nothing");
    return false;
  }
  if (before === 1) {
    of.find("deaf", "AT at all rates, STATUS", "nothing; STATUS is high");
    return false;
  }
  const pressed = line.now;
  await key.press(2100);
  const since = line.now;
  while (line.now < since + BOOT && (await probe(of, 1)) !== "ok") await line.wait(100);
  const status = await key.status?.();
  if (/(^|[\r\n])OK\r?\n/.test(line.raw)) {
    of.row("PWRKEY for 2.1 s", "it was off, and answers now", "note");
    of.answers.set(7, `${((line.now - pressed) / 1000).toFixed(1)} s from the press to the first answer`);
    return true;
  }
  if (status === 0) of.find("key-dead", "PWRKEY for 2.1 s", "STATUS stays low");
  else if (status === 1) of.find("deaf", "PWRKEY for 2.1 s, AT", "STATUS has risen, and nothing is heard");
  else of.find("silence", "PWRKEY for 2.1 s, AT", "nothing");
  return false;
}

/** Whether answers come as they should, each time. */
async function clean(of: Examination): Promise<boolean> {
  const { line } = of;
  let bad = 0;
  let lost = 0;
  for (let i = 0; i < (of.quick ? 8 : SAMPLES); i++) {
    line.clear();
    const { final } = await line.ask("AT", { timeout: 1500 });
    await line.wait(20);
    if (final === undefined) lost++;
    else if (/[^\r\n\x20-\x7e]/.test(line.raw) || !/^\s*(\S[^\r\n]*\s+)*OK\s*$/.test(line.raw)) bad++;
  }
  if (bad + lost > 0) of.find("noise", "AT again and again", `${bad} answers damaged, ${lost} missing`);
  else of.row("AT again and again", "each time OK");
  return bad + lost < 8;
}
