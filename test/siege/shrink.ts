// Makes a plan that fails shorter: fewer actions, plainer ones, a plainer world, for as long as it fails in the same way.
import type { Rule } from "./oracle.js";
import type { Action, Plan } from "./plan.js";
import { play } from "./trial.js";
import { DELAYS } from "./world.js";

/** Plays a plan; the first rule it breaks, or undefined. */
export function brokenBy(plan: Plan, wanted?: Rule): Rule | undefined {
  let rules: Rule[];
  try {
    rules = play(plan)
      .problems.filter((problem) => !problem.lucky)
      .map(({ rule }) => rule);
  } catch {
    return undefined;
  }
  return wanted === undefined || rules.includes(wanted) ? (wanted ?? rules[0]) : undefined;
}

function without(actions: Action[], from: number, count: number): Action[] {
  return actions.filter((_, i) => i < from || i >= from + count);
}

/** Plans of which one thing is plainer. */
function* plainer(plan: Plan): Generator<Plan> {
  const { firmware, habit, delays } = plan;
  if (plan.loss || plan.mute) yield { ...plan, loss: 0, mute: 0 };
  if (plan.loop) yield { ...plan, loop: false };
  if (plan.finale) yield { ...plan, finale: false };
  if (plan.resend) yield { ...plan, resend: false };
  if (Object.keys(plan.options).length) yield { ...plan, options: {} };
  if (habit.stall || habit.chunk !== 64) yield { ...plan, habit: { chunk: 64, idle: 3 } };
  if (delays.late) yield { ...plan, delays: { ...delays, late: 0 } };
  if (delays.prompt[0] > 5) yield { ...plan, delays: { ...delays, prompt: DELAYS.prompt } };
  if (delays.gap[1]) yield { ...plan, delays: { ...delays, gap: [0, 0] } };
  if (firmware.brokenEcho || firmware.hold)
    yield { ...plan, firmware: { ...firmware, brokenEcho: false, hold: false } };
  if (plan.clients.length > 1) yield { ...plan, clients: plan.clients.slice(0, -1) };
  for (const [i, action] of plan.actions.entries()) {
    if (action.do.what !== "message") continue;
    const { payload } = action.do;
    const at = payload.indexOf("\n", payload.length / 2);
    for (const text of [
      payload.slice(0, payload.length / 2),
      at < 0 ? "" : payload.slice(0, at + 1),
      payload.slice(0, -1),
    ])
      if (text && text !== payload)
        yield {
          ...plan,
          actions: plan.actions.map((one, k) => (k === i ? { ...one, do: { ...action.do, payload: text } } : one)),
        };
  }
}

/** @param tries - plans that are played at most */
export function shrunk(plan: Plan, rule: Rule, tries = 600): Plan {
  let best = plan;
  let left = tries;
  const better = (other: Plan): boolean => {
    if (left-- <= 0 || !brokenBy(other, rule)) return false;
    best = other;
    return true;
  };
  let again = true;
  while (again && left > 0) {
    again = false;
    for (let size = best.actions.length >> 1 || 1; size >= 1; size >>= 1)
      for (let from = 0; from < best.actions.length && left > 0; )
        if (better({ ...best, actions: without(best.actions, from, size) })) again = true;
        else from += size;
    for (const other of plainer(best)) {
      if (left <= 0) break;
      if (better(other)) {
        again = true;
        break;
      }
    }
  }
  return best;
}
