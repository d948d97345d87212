// Plays a plan and says what came of it.
import { Draw } from "./draw.js";
import type { Problem } from "./oracle.js";
import { DASHES, TLS } from "./pem.js";
import { type Action, type Plan, VIGIL, type What } from "./plan.js";
import { GOOD } from "./qmt.js";
import { OWN, World } from "./world.js";

export interface Report {
  problems: Problem[];
  /** Publishes at QoS 1 and 2, those confirmed, those without a verdict; ms they took. */
  publishes: number;
  confirmed: number;
  unknown: number;
  /** Forged results while such a packet was in flight, and those with its ID. */
  chances: number;
  hits: number;
  /** Messages told, those marked, bytes of the line. */
  heard: number;
  marked: number;
  bytes: number;
}

/** Every callback must have come so long after the danger, ms. */
const PATIENCE = 240_000;

function act(world: World, plan: Plan, what: What): void {
  const { oracle, clients } = world;
  if (what.what === "message") world.qmt.arrived(what.client, what.topic, what.payload, what.qos);
  else if (what.what === "publish")
    world.publish(what.client, what.topic, what.qos, what.filler, plan.resend && what.qos === 1);
  else if (what.what === "subscribe") world.subscribe(what.client, what.filters, what.qos);
  else if (what.what === "unsubscribe") world.unsubscribe(what.client, what.filters);
  else if (what.what === "command") world.command(what.text);
  else if (what.what === "connect") {
    world.connect(what.client, { keepalive: 0, ...(what.tls ? { tls: TLS } : {}) });
    world.subscribe(what.client, plan.filters, 1);
  } else if (what.what === "end") world.end(what.client);
  else if (what.what === "drop") world.drop(what.client, 1, what.told);
  else world.reboot(what.told);
  clients.forEach((client, id) => {
    if (client?.connected && !oracle.gone[id]) oracle.age(id, client.age);
  });
}

/** Sees to it that all of it happens. */
function arm(world: World, plan: Plan): void {
  const { time } = world;
  const begin = time.now();
  const traps: Action[] = [];
  for (const action of plan.actions) {
    const { when } = action;
    if ("at" in when) time.at(begin + when.at, () => act(world, plan, action.do));
    else traps.push(action);
  }
  if (!traps.length) return;
  let pieces = 0;
  let inside = false;
  world.onPiece = (after) => {
    if (inside) return;
    inside = true;
    for (const { when, do: what } of traps)
      if ("piece" in when && when.piece === pieces && when.after === after) act(world, plan, what);
    if (after) pieces++;
    inside = false;
  };
}

function subscribed(world: World): boolean {
  return world.oracle.told.every((told, id) => {
    const { filters } = world.broker.sessions[id]!;
    return !world.clients[id]?.connected || [...told].every(([filter, qos]) => filters.get(filter) === qos);
  });
}

function standing(world: World): boolean {
  return world.clients.every((client, id) => !client || client.connected || world.oracle.ending[id]);
}

/** Every publish of a calm trial is as fast as it would be alone, but for the line and for the others. */
function calm(world: World, plan: Plan): void {
  const { answer, prompt, roundTrip } = plan.delays;
  const line = (10_000 / plan.rate) * 250;
  const own = prompt[1] + 2 * answer[1] + 3 * line + 100 + 3 * (plan.habit.stall?.length ?? 0);
  const { ops } = world.oracle;
  // A guard time that somebody has made longer is a silence that there is now and then between ten messages a second: in one of three
  // looks, so that 30 are in vain once in a million.
  const { guardTime = 20 } = plan.options;
  const guard = guardTime * (guardTime > 20 ? 30 : 1);
  for (const op of ops) {
    if (op.kind !== "publish") continue;
    // Messages come when they come: an answer without a silence around it is none, and costs the way out, a proof and another try.
    const again = world.collisions * (2 * own + world.listening);
    const bound = ops.length * own + roundTrip[1] + 500 + guard * ops.length + again;
    const took = op.doneAt - op.at;
    if (op.error) world.oracle.blame("life", `${op.payload}: ${op.error}, though nothing was hostile`);
    else if (took > bound)
      world.oracle.blame("life", `${op.payload} took ${Math.round(took)} ms, not ${Math.round(bound)}`);
  }
}

export function play(plan: Plan, log?: (line: string) => void): Report {
  const world = new World({
    seed: new Draw(plan.seed, plan.trial, plan.rate).below(0x7fffffff),
    baud: plan.rate,
    habit: plan.habit,
    firmware: plan.firmware,
    delays: plan.delays,
    options: plan.options,
  });
  const { oracle, time, qmt } = world;
  world.secrets.push(DASHES);
  qmt.loop = plan.loop;
  world.setUp(plan.clients, plan.filters, {
    keepalive: plan.keepalive,
    unknown: plan.resend ? "resend" : "report",
    packetTimeout: 3,
    retryTimes: 2,
  });
  world.log = log;
  const fates = new Draw(plan.seed, plan.trial, 7);
  qmt.fate = () => {
    let lost = 0;
    while (lost < 4 && fates.chance(plan.loss)) lost++;
    return { lost, failed: lost > 2, arrived: fates.chance(0.5), mute: fates.chance(plan.mute) };
  };
  arm(world, plan);
  time.advance(plan.span);
  world.droppedAt.forEach((at, id) => {
    if (oracle.gone[id] && world.clients[id]!.connected && time.now() - at >= VIGIL) oracle.overlooked(id, at);
  });
  // What the modem has still to say comes first, and what a trap behind its very last answer holds.
  // A busy host may hear the silence behind that late.
  const enough = 2000 + 40 * (plan.habit.stall?.length ?? 0);
  const quiet = (): boolean => time.now() - world.wire.freeAt > enough;
  time.run(quiet, 60_000);
  world.settle(PATIENCE);
  time.run(quiet, 60_000);
  if (!time.run(() => standing(world), 120_000)) oracle.blame("drop", "somebody is not connected any more");
  if (plan.finale) {
    qmt.fate = () => GOOD;
    for (const id of plan.clients) if (!oracle.ending[id]) world.drop(id, 1, true);
    time.advance(1000);
    if (!time.run(() => standing(world), 300_000)) oracle.blame("drop", "somebody does not come back");
  }
  time.run(() => subscribed(world), 90_000);
  time.run(quiet, 10_000);
  time.run(() => standing(world) && subscribed(world), 90_000);
  const limited = plan.options.receiveLimit !== undefined;
  oracle.close(plan.firmware.lengths && !limited);
  if (!limited) oracle.lost(world.driver.stats.orphans);
  if (plan.calm) calm(world, plan);
  for (const error of time.thrown) oracle.blame("callback", `thrown: ${error}`);
  const publishes = oracle.ops.filter((op) => op.payload.startsWith(OWN) && op.qos > 0);
  return {
    problems: oracle.problems,
    publishes: publishes.length,
    confirmed: publishes.filter((op) => op.calls && !op.error).length,
    unknown: publishes.filter((op) => op.error === "EUNKNOWN").length,
    chances: oracle.chances,
    hits: oracle.hits,
    heard: oracle.heard,
    marked: oracle.marked,
    bytes: world.wire.handed,
  };
}
