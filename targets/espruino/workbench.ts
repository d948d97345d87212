// The part M95-workbench: prints what happens to a modem on the board's console, a line an event, for the workbench (docs/workbench.md).
// It is no part of the driver, asks the modem for nothing but signal and supply, and prints no secret.

declare function print(text: string): void;
declare function getTime(): number;
declare function setInterval(fn: () => void, ms: number): unknown;
declare function clearInterval(handle: unknown): void;

/** What is used of an `M95`. */
export interface Watched {
  state: string;
  asleep?: boolean;
  stats: { [name: string]: number };
  on(event: string, listener: (a: any, b?: any) => void): void;
  off(event: string, listener: (a: any, b?: any) => void): void;
  command(text: string, done: (error?: Error | null) => void): void;
}

/** Characters of a text that are printed. */
const MOST = 300;

/** Commands whose parameters are not printed. */
const SECRET = "CPIN CPWD CLCK QICSGP QIREGAPP QMTCONN ";

/** What each line begins with: drawn anew at each start, so that no message that an application prints passes for one. */
export const key = "M95#" + Math.round(Math.random() * 1000000);

let modem: Watched | undefined;
let timer: unknown;
/** A file is on its way to the modem: it may be a key. */
let hidden = false;

function tell(kind: string, text: string): void {
  const at = text.indexOf("+");
  const end = text.indexOf("=", at);
  if (end > 0 && SECRET.indexOf(text.substring(at + 1, end)) >= 0) text = text.substr(0, end) + "=...";
  if (text.length > MOST) text = text.substr(0, MOST) + "...";
  print(key + JSON.stringify([Math.round(getTime() * 1000), kind, text]));
}

const listeners: { [event: string]: (a: any, b?: any) => void } = {
  state(state) {
    tell("state", state);
  },
  recovery(what) {
    tell("recovery", what.step + ", attempt " + what.attempt + ": " + what.cause);
  },
  error(error) {
    if (error) tell("error", "" + error);
  },
  trace(direction, text) {
    if (direction === ">") {
      if (hidden) text = text.length + " bytes";
      else hidden = text.substr(0, 8) === "AT+QSECW";
    } else if (text === "OK" || text === "ERROR" || text.substr(0, 4) === "+CME") hidden = false;
    tell(direction, text);
  },
};

/** Sends a command; its answer is in the traffic. */
export function ask(text: string): void {
  modem!.command(text, listeners.error!);
}

/** Prints how things are: state, counters, and by the modem's answers signal and supply. */
export function look(): void {
  if (!modem) return;
  const stats = modem.stats;
  let counts = "";
  for (const name in stats) if (stats[name]) counts += name + " " + stats[name] + ",";
  tell("state", modem.state);
  tell("stats", counts);
  if (modem.state === "ready" && !modem.asleep) {
    ask("AT+CSQ");
    ask("AT+CBC");
  }
}

/** Prints no more. */
export function stop(): void {
  if (timer) clearInterval(timer);
  if (modem) for (const event in listeners) modem.off(event, listeners[event]!);
  modem = timer = undefined;
}

/**
 * Prints from now on what happens to a modem; the one before is let go.
 * @param period - ms from one look to the next, default 30,000; 0: none
 */
export function watch(one: Watched, period?: number): void {
  stop();
  for (const event in listeners) one.on(event, listeners[event]!);
  modem = one;
  look();
  if (period !== 0) timer = setInterval(look, period || 30000);
}
