// The modem of an Espruino board, which has a driver of its own: lines that M95-workbench prints there are taken from its console. The
// connection is that of the view Flash. Nothing is asked of the application but its modem.
import { quote } from "../../flash/board/quote.js";
import { type ConnectedBoard, onBoard, onLine, wantBoard } from "../../flash/web/page/bridge.js";
import { BoardLines, keyOf, type Told } from "../lines.js";
import type { Bench } from "./bench.js";
import { field, messageOf } from "./dom.js";

const PART = 'require("M95-workbench")';
/** ms from one question about the key to the next. */
const PAUSE = 2000;
/** Lines that wait for the answer. */
const MOST = 500;

const LACKS =
  "This board has no M95-workbench: write it in the view Flash, with the part workbench ticked, and have the application call " +
  `${PART}.watch(modem).`;

/** What shows it. */
interface Show {
  told(told: Told): void;
  say(text: string, kind?: "bad"): void;
}

export class BoardWatch {
  #board: ConnectedBoard | undefined;
  #lines: BoardLines | undefined;
  #wanted = false;
  #asking = false;
  /** When the key was asked for last. */
  #asked = Number.NEGATIVE_INFINITY;
  /** Lines that may be the part's: the board is asked. */
  #held: (() => void)[] = [];
  /** Lines so far. */
  #heard = 0;
  /** The modem was asked what it is. */
  #known = false;
  /** It was switched on from here, and is switched off again. */
  #mine = false;

  constructor(
    private readonly bench: Bench,
    private readonly show: Show,
  ) {
    onBoard((board) => {
      this.#board = board;
      if (!board) this.#gone();
      else if (this.#wanted || bench.board || this.#held.length > 0) void this.#attach();
    });
    onLine((line, giveBack) => this.#take(line, giveBack));
  }

  /** To be called from a click: the browser asks for the board, if none is connected. */
  choose(): void {
    this.#wanted = true;
    this.show.say("");
    wantBoard((why) => {
      this.#wanted = false;
      this.show.say(why, "bad");
    });
  }

  /** Has the board's driver send a command; the answer is in the traffic. */
  async ask(command: string): Promise<void> {
    await this.#board?.run(`${PART}.ask(${quote(command)})`);
  }

  #gone(): void {
    this.#lines = undefined;
    this.#release();
    this.#wanted = this.#mine = this.#known = false;
    if (this.bench.board) void this.bench.letGo();
  }

  #take(line: string, giveBack: (line: string) => void): boolean {
    if (keyOf(line) === undefined) return false;
    if (this.#tell(line)) return true;
    // The board may have started anew; or somebody would like it to look so.
    const late = performance.now() > this.#asked + PAUSE;
    const soon = !this.#board || this.#board.busy || this.#asking;
    if ((!late && !soon) || this.#held.length >= MOST) return false;
    this.#held.push(() => this.#tell(line) || giveBack(line));
    if (!soon) void this.#attach();
    return true;
  }

  /** Lines that were held go where they belong. */
  #release(): void {
    for (const settle of this.#held.splice(0)) settle();
  }

  /** Shows a line, if it is the part's. */
  #tell(line: string): boolean {
    const told = this.#lines?.add(line);
    if (!told) return false;
    this.#heard++;
    if (!this.bench.board) return true;
    for (const entry of told.entries) this.bench.note(entry);
    this.show.told(told);
    if (told.state === "ready" && !this.#known) setTimeout(() => void this.#meet(), 100);
    return true;
  }

  /** Asks a modem that is ready what it is, once. */
  async #meet(): Promise<void> {
    if (this.#known) return;
    this.#known = true;
    try {
      await this.#board?.run(`["AT+COPS?","AT+QILOCIP","AT+GMR"].forEach(function(t){${PART}.ask(t)})`);
    } catch {
      this.#known = false;
    }
  }

  /** Learns what the lines begin with, and shows them unless another modem is looked at. */
  async #attach(): Promise<void> {
    const board = this.#board;
    const wanted = this.#wanted;
    if (!board || board.busy || this.#asking) return;
    this.#asked = performance.now();
    this.#asking = true;
    try {
      const key = String(await board.run(`${PART}.key`));
      if (this.#lines) this.#lines.key = key;
      else this.#lines = new BoardLines(key);
      this.#wanted = false;
      if (!this.bench.board && (wanted || !this.bench.line)) await this.bench.useBoard(() => this.#letGo(board));
      this.#release();
      if (!this.bench.board) return;
      const before = this.#heard;
      await board.run(`${PART}.look()`);
      if (this.#heard === before) await this.#begin(board);
    } catch (error) {
      if (wanted) this.show.say(/not found/i.test(messageOf(error)) ? LACKS : messageOf(error), "bad");
      this.#wanted = false;
    } finally {
      this.#asking = false;
      this.#release();
    }
  }

  /** The application does not watch its modem: that is done for it. */
  async #begin(board: ConnectedBoard): Promise<void> {
    const name = field("board-modem");
    try {
      if (!/^[A-Za-z_$][\w$.]*$/.test(name)) throw new Error(`${name} is no name of a variable`);
      await board.run(`${PART}.watch(${name})`);
      this.#mine = true;
    } catch (error) {
      throw new Error(
        `Nothing on the board is watched, and "${name}" is no modem there (${messageOf(error)}). Give the name of the application's ` +
          `variable, or have it call ${PART}.watch(modem).`,
      );
    }
  }

  async #letGo(board: ConnectedBoard): Promise<void> {
    if (this.#mine) await board.run(`${PART}.stop()`).catch(() => {});
    this.#mine = false;
    await board.close();
  }
}
