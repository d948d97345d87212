// A check-up from the first byte to the last message. It runs the stages in their order and stops where going on makes no sense.

import { Conversation, type Port } from "./conversation.js";
import { Examination, type ExamineOptions, type Stage, stages } from "./examination.js";
import { broker } from "./stages/broker.js";
import { end } from "./stages/end.js";
import { goodbye } from "./stages/goodbye.js";
import { messages } from "./stages/messages.js";
import { firmware, power, settings, sim } from "./stages/module.js";
import { packets, radio, route } from "./stages/network.js";
import { retransmission } from "./stages/retransmission.js";
import { wire } from "./stages/wire.js";

const steps: Record<Stage, (of: Examination) => Promise<boolean>> = {
  "port and wire": wire,
  "power and supply": power,
  firmware,
  settings,
  SIM: sim,
  radio,
  "packet side": packets,
  "name and route": route,
  broker,
  messages,
  retransmission,
  goodbye,
  end,
};

/** What was said unasked that is a finding whatever was asked. */
function watch(of: Examination): void {
  const { line } = of;
  const voltage = [...new Set(line.said(/^(UNDER|OVER)[_-]VOLTAGE/))];
  const found = (id: string): boolean => of.findings.some((one) => one.id === id);
  if (voltage.length > 0 && !found("supply-dips")) of.find("supply-dips", "said unasked", voltage.join(", "));
  const resets = line.unasked.filter(({ at, line: text }) => text === "RDY" && of.booted > 0 && at > of.booted + 3000);
  if (resets.length > 0 && !found("reboots"))
    of.find("reboots", "said unasked", `RDY in the middle, ${resets.length} times`);
}

/** Examines a modem. Never rejects on account of the modem; what it threw is a mistake here. */
export async function examine(port: Port, options: ExamineOptions): Promise<Examination> {
  const of = new Examination(new Conversation(port, options.clock), options);
  for (const stage of stages) {
    of.stage = stage;
    if (stage === "end") break;
    const on = await steps[stage](of);
    watch(of);
    if (!on) break;
  }
  const stopped = of.stage;
  of.stage = "end";
  // Where nobody answers, nothing can be undone.
  if (stopped !== "port and wire") await end(of);
  watch(of);
  for (const stage of stages.slice(stages.indexOf(stopped) + 1, -1)) {
    of.stage = stage;
    if (!of.rows.some((row) => row.stage === stage)) of.row("", "not reached", "skipped");
  }
  return of;
}
