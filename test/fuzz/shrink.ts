// Makes a failing input as small as it can while it fails in the same way. It knows no oracle.
import type { Input, Step } from "./input.js";

/** Shorter forms of one step, boldest first. */
function* smaller(step: Step): Generator<Step> {
  if (step.do === "wait" && step.ms) yield* [0, Math.floor(step.ms / 2), step.ms - 1].map((ms) => ({ ...step, ms }));
  if (step.do !== "feed" && step.do !== "answer") return;
  for (let size = step.text.length; size >= 1; size = Math.floor(size / 2))
    for (let at = 0; at + size <= step.text.length; at += size)
      yield { ...step, text: step.text.slice(0, at) + step.text.slice(at + size) };
}

function* simpler(input: Input): Generator<Input> {
  for (let size = input.length; size >= 1; size = Math.floor(size / 2))
    for (let at = 0; at + size <= input.length; at += size) yield [...input.slice(0, at), ...input.slice(at + size)];
  for (let i = 0; i < input.length; i++)
    for (const step of smaller(input[i]!)) yield [...input.slice(0, i), step, ...input.slice(i + 1)];
}

/** @param fails - whether an input fails as the first one does. @param budget - runs that it may take */
export function shrink(input: Input, fails: (input: Input) => boolean, budget = 5000): Input {
  let best = input;
  let left = budget;
  for (let found = true; found; ) {
    found = false;
    for (const one of simpler(best)) {
      if (--left < 0) return best;
      if (!fails(one)) continue;
      best = one;
      found = true;
      break;
    }
  }
  return best;
}
