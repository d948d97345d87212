// AVA's `test` for what needs more than npm packages: without it a test is skipped, or fails where CI has to have it.

import test, { type ExecutionContext } from "ava";
import { type Engine, lack, type Program } from "./needs.js";

/** Declares tests that need these programs and engines. */
export function testWith(...needs: (Program | Engine)[]) {
  const lacking = lack(...needs);
  return (title: string, run: (t: ExecutionContext) => Promise<void> | void): void => {
    if (!lacking) test(title, run);
    else if (lacking.fatal) test(title, (t) => t.fail(lacking.why));
    else test.skip(`${title} (not run: ${lacking.why})`, run);
  };
}
