// The causes of recovery by name, with the steps that the core takes for them: for the page, and for tests, in XS too. What they stand for is
// recovery-page.ts's.
import { GONE, NEVER_THERE, NO_PROMPT, OTHERS, STEP_NAMES, stepsOf } from "../../core/m95/recovery.js";

/** The causes, in the order of the page: as in the table of the core, and names for those that have no row there. */
export const CAUSES = (
  "ECLOSED1|ECLOSED2|ECLOSED3|ECLOSED4|ECLOSED5|ECLOSED6|ECLOSED7|ECLOSED|EOPEN-1|EOPEN1|EOPEN2|EOPEN3|EOPEN4|EOPEN5|EREFUSED1|EREFUSED2|" +
  "EREFUSED3|EREFUSED4|EREFUSED5|ETIMEOUT2|ETIMEOUT|ECME|ECME8504|ECME8505|ECME8506|ECME8507|ECME8508|ESTALLED|EUNKNOWN|*|EPDP|EREG|ESIM|" +
  "EPOWER|+PDP DEACT|+CPIN: NOT READY|+CPIN: NOT INSERTED|RDY|NORMAL POWER DOWN|UNDER_VOLTAGE POWER DOWN|OVER_VOLTAGE POWER DOWN|" +
  "UNDER_VOLTAGE WARNING|OVER_VOLTAGE WARNING|echo|status|mute|silent|prompt|overrun"
).split("|");

/** The names of the steps. */
export const stepNames = (): string[] => STEP_NAMES.split(" ");

/** Steps of what the driver notices by itself; overrun: the modem is asked. */
const OWN: { [cause: string]: number } = {
  echo: GONE,
  status: GONE,
  mute: GONE,
  silent: NEVER_THERE,
  prompt: NO_PROMPT,
  overrun: 0x11,
};

/** First step times 16 plus the last one. */
export function stepsFor(cause: string): number {
  return OWN[cause] ?? (stepsOf(cause) || (/^E[A-Z]|\*/.test(cause) ? OTHERS : 0));
}
