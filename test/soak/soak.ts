// Days of simulated time in a bad cell: a driver publishes and listens while its world fails at random. It reports; what it
// reports is judged by judge().

import { powerSwitch } from "../../board-wiring/index.js";
import { M95, type MqttClient, type Stats } from "../../core/index.js";
import { MemoryBroker, SimClock, VirtualM95 } from "../../virtual-m95/index.js";
import { random } from "../support/rig.js";

const minute = 60_000;
const hour = 60 * minute;
export const day = 24 * hour;

/** What goes wrong in a bad cell: the mean time between two of a kind, hours, and the fault with its seconds from and to. */
export const badCell: readonly { every: number; fault: string; from?: number; to?: number; what: string }[] = [
  { every: 2, fault: "link-drop 1", what: "the broker or the network closes the connection" },
  { every: 3, fault: "network-loss", from: 10, to: 300, what: "no packets for 10 to 300 s" },
  { every: 4, fault: "pdp-drop", what: "the network takes the PDP context" },
  { every: 8, fault: "registration-loss", from: 20, to: 180, what: "no registration for 20 to 180 s" },
  { every: 12, fault: "broker-down", from: 5, to: 120, what: "the broker is down for 5 to 120 s" },
  { every: 24, fault: "refused 3 2", what: "two CONNECTs are refused: server unavailable" },
  { every: 24, fault: "hang", from: 5, to: 120, what: "the modem hangs for 5 to 120 s" },
  { every: 48, fault: "hang 0", what: "the modem hangs until EMERG_OFF" },
  { every: 48, fault: "reboot", what: "the modem resets" },
  { every: 168, fault: "brown-out", what: "the supply browns out" },
  { every: 24, fault: "lost-ok", what: "an OK is lost" },
  { every: 24, fault: "late-ok 9", what: "an OK comes 9 s late" },
  { every: 24, fault: "lost-results", what: "a result is lost" },
  { every: 48, fault: "no-prompt", what: "a prompt is lost" },
  { every: 168, fault: "stuck-prompt 60", what: "a prompt does not let go for 60 s" },
];
/** One byte in so many becomes another one, in each direction, all the time. */
export const byteErrors = 1_000_000;

/** A publish this often, at QoS 0, 1 and 2 in turn; a message in this often, ms. */
export const publishEvery = 3 * minute;
export const messageEvery = 5 * minute;
/** Behind midnight nothing is asked of the driver and nothing happens to it, so that its remains can be counted, ms. */
const calm = 15 * minute;

/** No outage may keep the driver from delivering for longer, ms. */
export const longestGap = 30 * minute;
/** No call may wait longer for its callback, ms. */
export const longestCall = 30 * minute;

export interface Sample {
  /** Whole days passed. */
  day: number;
  /** Bytes behind a garbage collection, 0 if there is none to be had. */
  heap: number;
  timers: number;
  listeners: number;
}

export interface Report {
  days: number;
  faults: Map<string, number>;
  outcomes: Map<string, number>;
  /** What the host did wrong, or was made to by lost and changed bytes. */
  violations: Map<string, number>;
  samples: Sample[];
  stats: Stats;
  published: number;
  confirmed: number;
  arrived: number;
  /** Messages sent to the driver, and those it handed over. */
  sent: number;
  heard: number;
  /** Longest time between two acknowledged publishes, and longest wait of a callback, ms. */
  gap: number;
  wait: number;
  /** Connected, of the whole time. */
  connected: number;
  /** What the modem drew, mAh. */
  drawn: number;
  /** Confirmed at QoS 1 or 2 without having arrived. */
  lies: number;
  problems: string[];
}

export interface SoakOptions {
  days: number;
  seed?: number;
  onDay?: (sample: Sample, report: Report) => void;
}

export function soak(options: SoakOptions): Report {
  return new Soak(options).run();
}

interface Call {
  qos: number;
  at: number;
  done: boolean;
  arrived: number;
}

class Soak {
  readonly #options: SoakOptions;
  readonly #clock = new SimClock();
  readonly #random: () => number;
  readonly #broker: MemoryBroker;
  readonly #virtual: VirtualM95;
  readonly #modem: M95;
  readonly #client: MqttClient;
  /** Publishes without a callback yet, by payload. */
  readonly #open = new Map<string, Call>();
  readonly #report: Report;
  /** Timers of this world, one for each thing that recurs. */
  readonly #timers = new Map<object, unknown>();
  #resting = false;
  #lastConfirmed = 0;
  #connectedSince = -1;
  #connectedFor = 0;
  /** Confirmed without having arrived as it was sent, and arrived as nothing that was sent: byte errors make pairs of them. */
  #changed = 0;
  #strange = 0;

  constructor(options: SoakOptions) {
    this.#options = options;
    const draw = random(options.seed ?? 1);
    this.#random = draw;
    const clock = this.#clock;
    this.#broker = new MemoryBroker({ clock, latency: 300, receivedLimit: 10 });
    this.#watchBroker();
    this.#virtual = new VirtualM95({ clock, network: this.#broker.network, poweredOn: false });
    this.#virtual.faults.seed = options.seed ?? 1;
    const { pwrkey, status, emergOff, supply } = this.#virtual.pins;
    this.#modem = new M95({
      uart: this.#virtual.uart,
      clock,
      apn: "internet",
      random: draw,
      power: powerSwitch({ pwrkey, status, emergOff, supply }, clock),
    });
    this.#modem.on("error", () => {});
    this.#client = this.#modem.connect({ host: "broker.example", clientId: "soak" });
    this.#client.on("error", () => {});
    this.#client.on("message", () => this.#report.heard++);
    this.#client.on("connect", () => {
      this.#connectedSince = clock.now();
    });
    this.#client.on("close", () => this.#addUp());
    this.#client.subscribe("in/#", { qos: 1 });
    this.#report = {
      days: options.days,
      faults: new Map(),
      outcomes: new Map(),
      violations: new Map(),
      samples: [],
      stats: this.#modem.stats,
      published: 0,
      confirmed: 0,
      arrived: 0,
      sent: 0,
      heard: 0,
      gap: 0,
      wait: 0,
      connected: 0,
      drawn: 0,
      lies: 0,
      problems: [],
    };
  }

  run(): Report {
    const clock = this.#clock;
    const report = this.#report;
    for (const row of badCell) this.#schedule(row);
    for (const way of ["rx", "tx"]) this.#virtual.faults.start(`garbled-bytes ${byteErrors} ${1e6} ${way}`);
    this.#each(publishEvery, () => this.#publish());
    this.#each(messageEvery, () => this.#send());
    for (let today = 0; ; today++) {
      this.#resting = true;
      clock.advance(calm);
      this.#sample(today);
      if (today === this.#options.days) break;
      this.#resting = false;
      // The calm does not count as a time without delivery.
      this.#lastConfirmed = clock.now();
      this.#renewByteErrors();
      clock.advance(day - calm);
      this.#checkCalls();
    }
    this.#addUp();
    report.drawn = this.#virtual.energy.report().mAh;
    this.#finish();
    report.connected = this.#connectedFor / (report.days * day + calm);
    return report;
  }

  #finish(): void {
    const clock = this.#clock;
    const { problems } = this.#report;
    let stopped = 0;
    for (const timer of this.#timers.values()) clock.cancel(timer);
    this.#virtual.faults.endAll();
    this.#modem.stop(() => stopped++);
    clock.advance(20 * minute);
    if (stopped !== 1) problems.push(`stop was called back ${stopped} times`);
    if (this.#open.size > 0) problems.push(`${this.#open.size} publishes were never called back`);
    if (clock.pending > 0) problems.push(`${clock.pending} timers left after stop`);
    // What a byte error has changed on its way to the modem arrives as something else, and the modem confirms that.
    this.#report.lies = Math.max(0, this.#changed - this.#strange);
  }

  /** Calls `fn` for ever, but when the driver is left in peace. */
  #each(ms: number, fn: () => void): void {
    const wait = (): void => {
      const timer = this.#clock.after(ms, () => {
        if (!this.#resting) fn();
        wait();
      });
      this.#timers.set(fn, timer);
    };
    wait();
  }

  /** Times between two of a kind are drawn as those of a Poisson process. */
  #schedule(row: (typeof badCell)[number]): void {
    const wait = -Math.log(1 - this.#random()) * row.every * hour;
    const timer = this.#clock.after(wait, () => {
      if (!this.#resting) {
        const seconds = row.to === undefined ? "" : ` ${Math.round(row.from! + this.#random() * (row.to - row.from!))}`;
        this.#virtual.faults.start(row.fault + seconds);
        this.#report.faults.set(row.what, (this.#report.faults.get(row.what) ?? 0) + 1);
      }
      this.#schedule(row);
    });
    this.#timers.set(row, timer);
  }

  #renewByteErrors(): void {
    for (const fault of [...this.#virtual.faults.active]) if (fault.text.startsWith("garbled-bytes")) fault.end();
    for (const way of ["rx", "tx"]) this.#virtual.faults.start(`garbled-bytes ${byteErrors} ${1e6} ${way}`);
  }

  #publish(): void {
    const clock = this.#clock;
    const report = this.#report;
    const number = report.published++;
    const qos = (number % 3) as 0 | 1 | 2;
    const text = `reading ${number} ${"x".repeat(20 + (number % 100))}`;
    const call: Call = { qos, at: clock.now(), done: false, arrived: 0 };
    this.#open.set(text, call);
    this.#client.publish(`out/${qos}`, text, { qos }, (error) => {
      if (call.done) report.problems.push(`publish ${number} was called back twice`);
      call.done = true;
      this.#open.delete(text);
      const outcome = error ? (error as unknown as { code: string }).code : "ok";
      const row = `QoS ${qos} ${outcome}`;
      report.outcomes.set(row, (report.outcomes.get(row) ?? 0) + 1);
      report.wait = Math.max(report.wait, clock.now() - call.at);
      if (outcome === "ok" && qos > 0) {
        report.confirmed++;
        if (call.arrived === 0) this.#changed++;
        report.gap = Math.max(report.gap, clock.now() - this.#lastConfirmed);
        this.#lastConfirmed = clock.now();
      }
      if ((outcome === "ECLOSED" || outcome === "EQUEUE") && call.arrived > 0)
        report.problems.push(`publish ${number} arrived and is said never to have been sent (${outcome})`);
      if (qos === 2 && call.arrived > 1)
        report.problems.push(`publish ${number} (QoS 2) arrived ${call.arrived} times`);
    });
  }

  #send(): void {
    this.#report.sent++;
    this.#broker.publish("in/news", `news ${this.#report.sent}`, 1);
  }

  #watchBroker(): void {
    const accept = this.#broker.accept.bind(this.#broker);
    this.#broker.accept = (clientId, packet) => {
      this.#report.arrived++;
      const text = packet.payload.toString("latin1" as never);
      const call = this.#open.get(text);
      if (call) call.arrived++;
      // Late ones, whose callback has said EUNKNOWN, are as they were sent.
      else if (!/^reading \d+ x+$/.test(text)) this.#strange++;
      accept(clientId, packet);
    };
  }

  #checkCalls(): void {
    const now = this.#clock.now();
    const { problems } = this.#report;
    for (const [text, call] of this.#open)
      if (now - call.at > longestCall && problems.length < 10)
        problems.push(`${text.slice(0, 20)} waits for its callback since ${Math.round((now - call.at) / minute)} min`);
  }

  #addUp(): void {
    if (this.#connectedSince >= 0) this.#connectedFor += this.#clock.now() - this.#connectedSince;
    this.#connectedSince = -1;
    if (this.#client.connected) this.#connectedSince = this.#clock.now();
  }

  #sample(today: number): void {
    for (const { kind } of this.#virtual.violations.splice(0))
      this.#report.violations.set(kind, (this.#report.violations.get(kind) ?? 0) + 1);
    const { gc } = globalThis as { gc?: () => void };
    gc?.();
    const listeners = (object: object): number => {
      const lists = Object.values((object as { _on: Record<string, unknown[] | undefined> })._on);
      return lists.reduce((sum, list) => sum + (list?.length ?? 0), 0);
    };
    const sample: Sample = {
      day: today,
      heap: gc ? process.memoryUsage().heapUsed : 0,
      timers: this.#clock.pending,
      listeners: listeners(this.#modem) + listeners(this.#client),
    };
    if (!this.#client.connected)
      this.#report.problems.push(
        `day ${today}: not connected after ${calm / minute} min of peace: ${this.#client.state}, ${this.#modem.state}`,
      );
    this.#report.samples.push(sample);
    this.#report.stats = { ...this.#modem.stats };
    this.#options.onDay?.(sample, this.#report);
  }
}

/** Heap behind a garbage collection may differ by so much between the two days, as a ratio. */
export const heapTolerance = 1.1;

/** What is wrong with a report. */
export function judge(report: Report): string[] {
  const problems = [...report.problems];
  const { samples, gap, wait } = report;
  const minutes = (ms: number): string => `${(ms / minute).toFixed(1)} min`;
  if (gap > longestGap) problems.push(`${minutes(gap)} without a delivery, at most ${minutes(longestGap)} are allowed`);
  if (wait > longestCall) problems.push(`a callback came after ${minutes(wait)}`);
  const first = samples.find((sample) => sample.day >= Math.min(5, report.days / 2))!;
  const last = samples.at(-1)!;
  if (last.heap > first.heap * heapTolerance)
    problems.push(`the heap grows: ${first.heap} bytes on day ${first.day}, ${last.heap} on day ${last.day}`);
  for (const what of ["timers", "listeners"] as const)
    if (last[what] !== first[what])
      problems.push(`${what}: ${first[what]} on day ${first.day}, ${last[what]} on day ${last.day}`);
  if (report.lies > 0) problems.push(`${report.lies} confirmed publishes never arrived`);
  if (report.confirmed === 0 || report.heard === 0) problems.push("nothing was delivered");
  return problems;
}
