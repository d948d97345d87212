// The page docs/recovery.md, out of the recovery table of the core. What the table's words mean stands here, its facts do
// not.
import { COUNTER_NAMES, STEPS } from "../../core/counters.js";
import { limitsOf, MAX_PERIOD, PERIOD, REST_PERIOD, ROUNDS, STABLE } from "../../core/m95/options.js";
import { attemptsOf, RETRY } from "../../core/m95/recovery.js";
import { listTexts } from "../../core/m95/texts.js";
import { duration, table } from "./markdown.js";
import { optionsTable } from "./options.js";
import { CAUSES, stepNames, stepsFor } from "./recovery-causes.js";

/** What each step does. */
const STEP_TEXTS: { [step: string]: string } = {
  retry: "what the modem refused is offered once more: a packet, or AT+QMTOPEN behind AT+QMTCLOSE",
  resync:
    "ESC, or `+++`, and `AT` until the modem answers; late answers are swallowed. By itself, after every time-out",
  reopen: "the client configures, opens and connects again, after its own waiting time (`reconnectPeriod`)",
  pdp: "AT+QIDEACT, AT+QIACT and what is between them; clients connect again",
  restart: "the modem is powered on if STATUS says it is off, synchronised, and set up from the beginning",
  cfun: "the same, with AT+CFUN=0 and AT+CFUN=1: SIM and network are begun anew",
  power: "PWRKEY off and on (`PowerSwitch.off`, `on`)",
  kill: "EMERG_OFF (`PowerSwitch.kill`), then on",
  cut: "supply off and on (`PowerSwitch.cut`)",
  rest: "the modem is switched off, or without a `PowerSwitch` its radio is (AT+CFUN=0); nothing is tried for `rest`",
};

/** What each of them stands for: what is noticed, and a remark. */
const CAUSE_TEXTS: { [cause: string]: [seen: string, remark: string] } = {
  ECLOSED: ["AT+QMTCONN? says that the connection is not there", "a URC was lost, or the modem rebooted"],
  EOPEN2: ["+QMTOPEN: id,2", "closed and opened again at once; a second time, the next steps"],
  ETIMEOUT2: ["+QMTCONN: id,2", ""],
  ETIMEOUT: ["no answer, or no result of AT+QMTOPEN or AT+QMTCONN, in time", ""],
  ECME: ["+CME ERROR, ERROR", "a packet is offered again; a refused set-up of a connection begins with reopen"],
  EUNKNOWN: [
    "answers that may all be part of messages, asked for again and again",
    "on what is not proven nothing harsher is done",
  ],
  "*": ["reserved codes of +QMTSTAT, and everything without a row", ""],
  EPDP: ["no PDP context after three tries in a row", ""],
  ESTALLED: [
    "three publishes or subscriptions of a client that failed in a row, or none that worked in `packetTimeout` × (`retryTimes` + 1) since one did",
    "the modem still calls it connected",
  ],
  EREG: [
    "registration lost and not found again in `registrationTimeout`; a denial may pass, as a search does",
    "noticed by lost pings (+QMTSTAT 2)",
  ],
  ESIM: ["SIM absent or not ready for `simTimeout`", "a PIN that is missing or refused is final"],
  EPOWER: ["the `PowerSwitch` failed", ""],
  "+PDP DEACT": ["+PDP DEACT", "the network has closed the PDP context"],
  "+CPIN: NOT READY": ["+CPIN: NOT READY", "SIM gone"],
  "+CPIN: NOT INSERTED": ["+CPIN: NOT INSERTED", "SIM gone"],
  RDY: ["RDY in mid-operation", "the modem has rebooted"],
  "NORMAL POWER DOWN": ["NORMAL POWER DOWN, unasked", "somebody else's key"],
  "UNDER_VOLTAGE POWER DOWN": ["UNDER_VOLTAGE POWER DOWN", "waiting times grow, and in the end the driver rests"],
  "OVER_VOLTAGE POWER DOWN": ["OVER_VOLTAGE POWER DOWN", ""],
  "UNDER_VOLTAGE WARNING": ["UNDER_VOLTAGE WARNING", 'told by "urc"'],
  "OVER_VOLTAGE WARNING": ["OVER_VOLTAGE WARNING", 'told by "urc"'],
  echo: ["the modem echoes although it was told not to, and has no address", "it has rebooted without a word"],
  status: ["the modem does not answer, and STATUS is low", ""],
  mute: ["a ready modem does not answer `AT` any more", ""],
  silent: ["a modem that was to be set up does not answer for `syncTimeout`", "at the start, or behind a restart"],
  prompt: ["the data prompt does not come, or does not end", "ESC leads out of it"],
  overrun: ["bytes from the modem were lost", "AT+QMTCONN? a second later: a loss may have been among them"],
};

/** Families of numbers: error code of the rows, text family, how the modem says it, where advice stands. */
const NUMBERED: [code: string, family: string, line: string][] = [
  ["ECLOSED", "stat", "+QMTSTAT: id,"],
  ["EOPEN", "open", "+QMTOPEN: id,"],
  ["EREFUSED", "ret", "+QMTCONN: id,0,"],
  ["ECME", "cme", "+CME ERROR: "],
];

function causeRow(cause: string): string[] {
  const steps = stepsFor(cause);
  const first = stepNames()[steps >> 4]!;
  const last = stepNames()[steps & 15 || steps >> 4]!;
  let [seen, remark] = CAUSE_TEXTS[cause] ?? ["", ""];
  for (const [code, family, line] of NUMBERED) {
    const number = cause.slice(code.length);
    if (!cause.startsWith(code) || number === "") continue;
    const text = listTexts(family).find((one) => one.startsWith(`${number}:`));
    if (!text) throw new Error(`texts.ts has nothing about ${cause}`);
    const [meaning, advice] = text.slice(number.length + 1).split("; ") as [string, string?];
    seen = `${line}${number}, ${meaning}`;
    remark = [advice && `the note: ${advice}`, remark].filter(Boolean).join("; ");
  }
  if (steps >> 4 > 1 && !(steps & 15))
    remark = [remark, "after `refusedRetries` more attempts the client ends"].filter(Boolean).join("; ");
  if (!seen) throw new Error(`recovery-page.ts does not know the cause ${cause}`);
  const way = first === "none" ? ["nothing", ""] : first === "ask" ? ["the modem is asked", ""] : [first, last];
  return [seen, ...way, remark!];
}

/** The whole page. */
export function recoveryPage(): string {
  const counters = COUNTER_NAMES.split(" ");
  const limits = limitsOf(undefined);
  return [
    "<!-- Generated by scripts/docs/main.ts from core/m95/recovery.ts; do not edit. -->",
    "",
    "# Recovery",
    "",
    "What the driver does when something has gone wrong. Steps and causes are one table in `core/m95/recovery.ts`; this page",
    "is made of it.",
    "",
    "## The steps",
    "",
    "From the gentlest to the last. When a step was taken as often as it says and did not help, the next one follows. A step",
    "that cannot be taken is left out: AT+CFUN with a modem that does not answer, the last three without a `PowerSwitch`, `kill`",
    "or `cut`. A modem that does not answer and cannot be switched is spoken to again (`restart`).",
    "",
    ...table(
      ["step", "what is done", "times", "counter in `stats`"],
      stepNames()
        .slice(RETRY)
        .map((name, i) => {
          const step = RETRY + i;
          const text = STEP_TEXTS[name];
          if (!text) throw new Error(`recovery-page.ts does not know the step ${name}`);
          return [`\`${name}\``, text, `${attemptsOf(step) || ""}`, `\`${counters[step + STEPS]}\``];
        }),
    ),
    "`reopen` belongs to each client; everything behind it concerns all of them, so it is done only while none is connected.",
    "",
    "## Waiting",
    "",
    `Before each step the driver waits a random time between nothing and a cap (full jitter), so that a fleet does not come`,
    `back in step. The cap begins at \`period\` (${duration(limits[PERIOD]!)}; for a client \`reconnectPeriod\`) and doubles up to \`maxPeriod\``,
    `(${duration(limits[MAX_PERIOD]!)}; \`maxReconnectPeriod\`).`,
    "",
    `Step and cap fall back to the first ones when modem and connections have lasted for \`stable\` (${duration(limits[STABLE]!)}), never because the`,
    "modem was ready or a client connected: a broker may accept a client and hang up at once. Until then another cause does not",
    "lead down the ladder again.",
    "",
    "## Rest",
    "",
    "When the last step that may help a cause has been taken in vain, a round is full, and the next one begins at the first",
    `step. After \`rounds\` (${limits[ROUNDS]!}) of them the driver rests: the modem is switched off, an event with step \`rest\` says so, and after \`rest\``,
    `(${duration(limits[REST_PERIOD]!)}) everything begins anew. So a device whose network, broker or supply is gone for days does not empty its`,
    "battery. `start()` ends a rest, `stop()` too. A client whose broker answers, but refuses it, goes on at its own pace, as the",
    "modem is not to blame. So do clients of a modem that could not be started: they start it again. With option `sleep` such a modem rests,",
    "too: behind `rounds` starts in vain, and from then on it is started once in `rest`.",
    "",
    "## The causes",
    "",
    "Where recovery begins, and the last step that may help. Numbers are those of Quectel's M95 MQTT application note, V1.0",
    "(4.1.1, 3.2.2, 3.2.4).",
    "",
    ...table(["what is noticed", "first step", "last step", ""], CAUSES.map(causeRow)),
    "## The modem is asked",
    "",
    "A line that may be part of a message is not believed: behind +QMTSTAT the driver asks AT+QMTCONN?, behind the others",
    "AT+QILOCIP. If the modem still holds the connection, or has an address, nothing happens.",
    "",
    "A client of which nothing was heard for a keepalive period (120 s with keepalive 0) is asked for with AT+QMTCONN?, as a",
    "+QMTSTAT may have been lost. `client.age` says how many ms ago the modem last confirmed something of its connection: CONNACK,",
    "a message, the result of a packet, or AT+QMTCONN?. A question that is refused, or not answered, twice in a row is no yes: the",
    "connection is closed and opened again, then come the next steps.",
    "",
    "## While a network is searched",
    "",
    "A denial counts like a search until `registrationTimeout`: one network may deny before another one takes the SIM. What decides is",
    "the packet side (AT+CGATT?, AT+CGREG?); where its answers disagree, the context is tried. In operation each step that was taken in",
    "vain leaves a network two minutes more to be found, so that no step cuts off the search that it waits for. The PDP context is not set",
    "up while there is no network, and one that has an address is left as it is.",
    "",
    "## Options",
    "",
    "Option `recovery` of the modem:",
    "",
    ...optionsTable("RecoveryOptions"),
    "Of a client: `reconnectPeriod`, `maxReconnectPeriod`, `refusedRetries`.",
    "",
    "## Events",
    "",
    "Each step is an event `\"recovery\"` of the modem: `{ cause, step, attempt, next }`. `cause` is the modem's line or the error's",
    "message, without the parameters of a command, `attempt` counts the times in a row, from 1, and `next` is the ms until the",
    "step begins; with `rest`, how long it takes.",
    "",
    "```js",
    'modem.on("recovery", ({ cause, step, attempt, next }) => console.log(cause, step, attempt, next));',
    "// +QMTSTAT: 0,1 reopen 1 431",
    "// AT: no answer; check power, wiring and baud rate restart 1 1204",
    "```",
  ]
    .join("\n")
    .concat("\n");
}
