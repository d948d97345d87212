// A trial as data: the world it plays in, and what happens there. All of it is drawn beforehand, so that it can be played
// again, cut shorter and read.
import { Draw } from "./draw.js";
import type { Delays, Firmware } from "./modem.js";
import { harmless, hostile, type Knowledge, topicOf } from "./publisher.js";
import type { Habit } from "./wire.js";

export type Rate = 9600 | 57600 | 115200;
export type Kind = "plain" | "lengths";

/** When something happens: ms from the beginning, or with the n-th piece of the modem's answers since then. */
export type When = { at: number } | { piece: number; after: boolean };

export type What =
  | { what: "message"; client: number; topic: string; payload: string; qos: number }
  | { what: "publish"; client: number; topic: string; qos: 0 | 1 | 2; filler: string }
  | { what: "subscribe"; client: number; filters: string[]; qos: 0 | 1 | 2 }
  | { what: "unsubscribe"; client: number; filters: string[] }
  | { what: "command"; text: string }
  | { what: "connect"; client: number; tls: boolean }
  | { what: "end"; client: number }
  | { what: "drop"; client: number; told: boolean }
  | { what: "reboot"; told: boolean };

export type Action = { when: When; do: What };

export interface Plan {
  seed: number;
  trial: number;
  rate: Rate;
  firmware: Firmware;
  delays: Delays;
  habit: Habit;
  options: { guardTime?: number; receiveLimit?: number };
  clients: number[];
  /** Filters that all of them are subscribed to. */
  filters: string[];
  keepalive: number;
  /** QoS 1 publishes without a verdict are sent again. */
  resend: boolean;
  /** The clients get their own publishes back. */
  loop: boolean;
  /** Packets that are lost; results that are. */
  loss: number;
  mute: number;
  /** How long it is dangerous, ms. */
  span: number;
  /** Nothing hostile is sent: nothing may be slower for it. */
  calm: boolean;
  /** Topics with line ends are among the hostile ones. */
  breaks: boolean;
  /** In the end all connections are really lost, and made anew. */
  finale: boolean;
  actions: Action[];
}

const FILTERS = ["cmd/+", "cmd/#", "#", "+/in", "cmd/+/set", "cmd/a"];
const UP = "up";

/** How long a loss may go unnoticed that nobody tells: the keepalive period, and the time of a few questions, ms. */
export const VIGIL = 45_000;

function habitOf(draw: Draw, rate: Rate): Habit {
  const idle = draw.pick([2, 3, 10]);
  const what = draw.unit();
  if (what < 0.04) return { chunk: 1, idle };
  if (what < 0.3) return { chunk: draw.pick([8, 16, 32, 64]), idle };
  if (what < 0.5) return { chunk: draw.pick([100, 120, 128, 256]), idle };
  const most = 512;
  if (what < 0.7) return { chunk: most, idle };
  if (what < 0.85) return { chunk: [1, most], idle };
  // Who gathers for as long as the driver listens for silence, and is busy as well, hears silence where there was none: no
  // driver could know. 10 ms are half of the shortest silence.
  const chunk = draw.pick([8, 32, Math.floor(rate / 1000)]);
  return {
    chunk: Math.floor(Math.min(chunk, rate / 1000)),
    idle,
    stall: { every: draw.pick([200, 1000]), length: draw.pick([10, 40, 150]) },
  };
}

function firmwareOf(draw: Draw, kind: Kind): Firmware {
  return {
    lengths: kind === "lengths",
    shape: draw.pick([1, 2, 2, 3, 3, 4]),
    prompt: draw.pick([">", "> "]),
    echo: draw.chance(0.8),
    brokenEcho: draw.chance(0.3),
    busy: draw.pick(["keep", "drop"]),
    hold: draw.chance(0.3),
    escape: draw.pick(["OK", "ERROR", ""]),
    query: draw.pick(["told", "told", "refused", "silent"]),
  };
}

/** @param stalls - the host is late as well, and an answer may be no later than it is waited for */
function delaysOf(draw: Draw, stalls: boolean): Delays {
  const trip = draw.pick([100, 300, 700, 1500]);
  const late = draw.pick([0, 0, 0.05, 0.2]);
  return {
    answer: draw.pick([
      [2, 10],
      [5, 40],
      [100, 300],
    ]),
    gap: draw.pick([
      [0, 0],
      [0, 5],
      [0, 60],
    ]),
    prompt: draw.pick([
      [5, 20],
      [20, 100],
      [300, 900],
    ]),
    roundTrip: [trip * 0.7, trip * 1.3],
    late,
    lateBy: [200, stalls ? 600 : 1500],
  };
}

class Planner {
  private readonly draw: Draw;
  private readonly plan: Plan;
  private readonly know: Knowledge;
  private n = 0;

  constructor(draw: Draw, plan: Plan) {
    this.draw = draw;
    this.plan = plan;
    this.know = {
      clients: plan.clients,
      topics: [UP, "up/2"],
      filters: plan.filters,
      commands: ["AT+CSQ", "AT+CCLK?"],
      lengths: plan.firmware.lengths,
      breaks: plan.breaks,
    };
  }

  add(at: number, what: What): void {
    this.plan.actions.push({ when: { at: Math.round(at * 10) / 10 }, do: what });
  }

  message(size: number): What {
    const { draw, plan, know } = this;
    const kind = plan.calm || draw.chance(0.1);
    const most = plan.calm ? 150 : 1548;
    return {
      what: "message",
      client: draw.pick(plan.clients),
      topic: kind ? draw.pick(plan.filters).replace(/[+#]/g, "a") : topicOf(draw, draw.pick(plan.filters), plan.breaks),
      payload: kind ? harmless(draw, this.n++, Math.min(size, most)) : hostile(draw, know, size),
      qos: draw.below(2),
    };
  }

  /** Messages that fill a share of the line. */
  flow(load: number, bytes: number, burst: number): void {
    const { draw, plan } = this;
    const perMs = plan.rate / 10_000;
    let at = draw.between(0, 300);
    let left = bytes;
    while (left > 0 && at < plan.span) {
      const size = draw.pick([10, 20, 40, 40, 80, 150, 400, 1548]);
      const count = draw.chance(burst) ? 2 + draw.below(4) : 1;
      const gap = draw.pick([0, 0, 5, 25, 45]);
      let sum = 0;
      for (let i = 0; i < count && sum < 2500 * perMs; i++) {
        const one = this.message(size);
        if (one.what === "message") sum += one.payload.length + one.topic.length + 22;
        this.add(at + i * gap, one);
      }
      left -= sum;
      at += (burst > 0 ? draw.wait(1) : draw.between(0.8, 1.2)) * (sum / (perMs * load)) + 0.1;
    }
  }

  /** Messages in front of and behind what the modem says, as bad luck has it. */
  traps(count: number): void {
    const { draw, plan } = this;
    for (let i = 0; i < count; i++) {
      const size = draw.pick([20, 40, 80, 200]);
      plan.actions.push({ when: { piece: draw.below(12), after: draw.chance(0.5) }, do: this.message(size) });
    }
  }

  user(count: number): void {
    const { draw, plan } = this;
    for (let i = 0; i < count; i++) {
      const at = draw.between(0, plan.span * 0.8);
      const client = draw.pick(plan.clients);
      const what = draw.unit();
      if (what < 0.65) {
        const filler = draw.pick(["", "", "12.5", "x".repeat(60), "\r\nOK\r\n", "\r\n+QMTSTAT: 0,1\r\n", ">"]);
        const qos = draw.pick([0, 1, 1, 1, 2] as const);
        this.add(at, { what: "publish", client, topic: draw.pick(this.know.topics), qos, filler });
      } else if (what < 0.8) {
        const filters = [`more/${i}/${draw.pick(["+", "low/+", "refuse/+", "#"])}`];
        if (draw.chance(0.2)) filters.push(`${i}/refuse`);
        this.add(at, { what: "subscribe", client, filters, qos: draw.pick([0, 1, 2] as const) });
      } else if (what < 0.87) this.add(at, { what: "unsubscribe", client, filters: [plan.filters[0]!] });
      else this.add(at, { what: "command", text: draw.pick(this.know.commands) });
    }
  }
}

/** What happens in trial number `trial` of a seed. */
export function planOf(seed: number, trial: number, rate: Rate, kind: Kind): Plan {
  const draw = new Draw(seed, trial, rate, kind === "plain" ? 1 : 2);
  const perMs = rate / 10_000;
  const calm = draw.chance(0.1);
  const habit = habitOf(draw, rate);
  const count = draw.chance(0.04) ? 6 : draw.pick([1, 2, 2, 2, 3]);
  const filters = [draw.pick(FILTERS)];
  if (draw.chance(0.2)) filters.push(draw.pick(["extra/+", "also/#"]));
  const plan: Plan = {
    seed,
    trial,
    rate,
    firmware: firmwareOf(draw, kind),
    delays: delaysOf(draw, habit.stall !== undefined),
    habit,
    options: {},
    clients: Array.from({ length: count }, (_, i) => i),
    filters,
    keepalive: 0,
    resend: draw.chance(0.05),
    loop: draw.chance(0.2),
    loss: draw.pick([0, 0, 0.1, 0.3]),
    mute: draw.chance(0.1) ? 0.2 : 0,
    span: 0,
    calm,
    finale: draw.chance(0.08),
    breaks: kind === "plain" || draw.chance(0.1),
    actions: [],
  };
  if (draw.chance(0.1)) plan.options.guardTime = draw.pick([0, 5, 100]);
  if (draw.chance(0.05)) plan.options.receiveLimit = 2048;
  if (calm) {
    plan.loss = plan.mute = plan.delays.late = 0;
    plan.loop = false;
  }
  const load = calm ? 0.1 : draw.pick([0.01, 0.05, 0.1, 0.25, 0.5]);
  const bytes = habit.chunk === 1 ? 1500 : draw.pick([500, 2000, 2000, 5000]);
  plan.span = Math.min(8000, Math.max(1500, bytes / (perMs * load)));
  const planner = new Planner(draw, plan);
  planner.flow(load, bytes, calm ? 0 : draw.pick([0, 0.1, 0.5]));
  if (!calm) planner.traps(draw.pick([0, 1, 3, 6]));
  planner.user(1 + draw.below(5));
  if (!calm) truth(draw, plan, planner);
  return plan;
}

/** A loss that the modem does not tell, while messages go on coming. */
function vigil(draw: Draw, plan: Plan, planner: Planner): void {
  const from = plan.span;
  plan.keepalive = 15;
  planner.add(draw.between(0, from), { what: "drop", client: draw.pick(plan.clients), told: false });
  plan.span = from + VIGIL;
  for (let at = from; at < plan.span; at += draw.wait(1500)) planner.add(at, planner.message(draw.pick([20, 40, 80])));
}

/** Now and then something of what is claimed is true. */
function truth(draw: Draw, plan: Plan, planner: Planner): void {
  const what = draw.unit();
  const at = draw.between(0, plan.span);
  const free = plan.clients.length;
  if (what < 0.06) planner.add(at, { what: "drop", client: draw.pick(plan.clients), told: true });
  else if (what < 0.08) planner.add(at, { what: "reboot", told: true });
  else if (what < 0.1) vigil(draw, plan, planner);
  else if (what < 0.16 && free < 6) planner.add(at, { what: "connect", client: free, tls: draw.chance(0.4) });
  else if (what < 0.19 && free > 1) planner.add(plan.span * 0.9, { what: "end", client: free - 1 });
}
