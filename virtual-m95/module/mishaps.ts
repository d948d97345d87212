// What tests and faults make go wrong inside of the module: commands refused, sessions gone, SIM and network in a bad mood. It
// knows no fault by name.

import type { CellNetwork } from "./cell-network.js";
import type { SimCard } from "./sim-card.js";

/** What it needs of an MQTT client. */
interface Session {
  readonly dead: boolean;
  die(): void;
}

export class Mishaps {
  readonly #sim: SimCard;
  readonly #cell: CellNetwork;
  readonly #clients: readonly Session[];
  /** Names whose next call fails with a CME error. */
  readonly #next = new Map<string, number>();
  #refused = { prefix: "", code: 0 };
  #openings = { result: 0, count: 0, done: () => {} };

  constructor(sim: SimCard, cell: CellNetwork, clients: readonly Session[]) {
    this.#sim = sim;
    this.#cell = cell;
    this.#clients = clients;
  }

  /** The next `name` (such as "+QMTPUB") fails with this CME error. */
  failNext(name: string, code: number): void {
    this.#next.set(name.toUpperCase(), code);
  }

  /** Commands whose names begin so fail with this CME error; "": none. */
  refuseCommands(prefix: string, code: number): void {
    this.#refused = { prefix: prefix.toUpperCase(), code };
  }

  /** The next `count` AT+QMTOPEN end with this result. */
  failOpen(result: number, count: number, done: () => void = () => {}): void {
    this.#openings = { result, count, done };
  }

  /** Sessions of connected clients are gone, and the modem does not notice until they are closed. */
  killSessions(): void {
    for (const client of this.#clients) client.die();
  }

  /** Whether one of them is left. */
  get sessionsDead(): boolean {
    return this.#clients.some((client) => client.dead);
  }

  /** Searches are denied by one network before another one takes the SIM, `ms` after their begin; 0: not any more. */
  denySearches(ms: number): void {
    this.#cell.deny(ms);
  }

  /** The card needs `ms` after each start, and AT+CPIN? fails with `code` meanwhile; 0: not any more. */
  simWakes(ms: number, code: number): void {
    this.#sim.wakes(ms, code);
  }

  /** The card wants its PIN, and the module resets `count` times right behind it. */
  lockSim(count: number): void {
    this.#sim.lock(count);
  }

  unlockSim(): void {
    this.#sim.unlock();
  }

  /** The module's clock shows this time, `yy/MM/dd,hh:mm:ss+zz`. */
  setClock(time: string): void {
    this.#cell.setClock(time);
  }

  /** The code with which a command is to fail now. */
  takeRefusal(name: string): number | undefined {
    const code = this.#next.get(name);
    this.#next.delete(name);
    const { prefix } = this.#refused;
    return code ?? (prefix !== "" && name.startsWith(prefix) ? this.#refused.code : undefined);
  }

  /** The result with which AT+QMTOPEN is to fail now; 0: it is not. */
  takeOpenFailure(): number {
    const openings = this.#openings;
    if (openings.count === 0) return 0;
    if (--openings.count === 0) openings.done();
    return openings.result;
  }
}
