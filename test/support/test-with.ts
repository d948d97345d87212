// AVA's `test` for what needs more than npm packages: without it a test is skipped, or fails where CI has to have it.

import test, { type ExecutionContext } from "ava";
import { type Engine, lack, type Program } from "./needs.js";

type Declare = (title: string, run: (t: ExecutionContext) => Promise<void> | void) => void;

/** Declares tests that need these programs and engines; those declared with `serial` run one after the other. */
export function testWith(...needs: (Program | Engine)[]): Declare & { serial: Declare } {
  const lacking = lack(...needs);
  const declare =
    (declared: typeof test | typeof test.serial): Declare =>
    (title, run) => {
      if (!lacking) declared(title, run);
      else if (lacking.fatal) test(title, (t) => t.fail(lacking.why));
      else test.skip(`${title} (not run: ${lacking.why})`, run);
    };
  return Object.assign(declare(test), { serial: declare(test.serial) });
}
