// A conversation with Espruino's console: one statement at a time, each answered by a marked line before the next is
// sent. Nothing here relies on how long anything takes; the time limits only end what will never be answered.
// It knows nothing of Storage, and nothing of how bytes reach the board.
import { FlashError } from "./errors.js";

/** Where the bytes go: a serial port, Bluetooth, or a model of a board. */
export interface Link {
  /** Sends a binary string; resolves when more may be sent. */
  write(data: string): Promise<void>;
  /** Called with what arrives, as binary strings. Set by the session. */
  onData: (data: string) => void;
  /** Called when the connection is gone. Set by the session. */
  onClose: () => void;
}

/** How a statement is to be waited for. */
export interface RunOptions {
  /** Milliseconds until the answer counts as lost. */
  timeout?: number;
  /** How often the statement is sent again; only for statements that may be executed twice. */
  retries?: number;
}

const XON = "\x11";
const XOFF = "\x13";
const CTRL_C = "\x03";
/** First on a line it turns the echo of this line off. */
const NO_ECHO = "\x10";

/** So few bytes are sent at a time that those on their way when XOFF comes still fit into any board's buffer. */
const PIECE = 64;
/** An XON can be lost; after so many ms without one, sending goes on. */
const MAX_PAUSE = 10_000;
/** Longer lines are not kept: no answer is so long. */
const MAX_LINE = 65_536;
/** The board clears its line before it prints, and prompts after. */
const REDRAWN = /\r|\x1b\[J|^>/g;

/** No answer came in time. */
class NoAnswer extends FlashError {
  constructor(timeout: number) {
    super(
      `The board stopped answering (waited ${timeout / 1000} s)`,
      "Press its reset button and try again; if it stays so, try another cable or a lower rate.",
    );
  }
}

interface Pending {
  id: number;
  settle(error: Error | undefined, value?: unknown): void;
}

/** One board at the other end of a link. */
export class Session {
  /** Called with each line the board prints that is not an answer. */
  onOutput: (line: string) => void = () => {};
  /** The first bytes that ever came: they tell what is there when it is not Espruino. */
  heard = "";

  #line = "";
  #id = 0;
  #pending: Pending | undefined;
  #paused = false;
  #resume = () => {};
  #closed = false;

  constructor(private readonly link: Link) {
    link.onData = (data) => this.#receive(data);
    link.onClose = () => this.#lost();
  }

  /**
   * Stops whatever statement is running or half typed, and finds out whether Espruino is there.
   * @param interrupt - false spares the first Ctrl-C: Espruino on a computer ends when it gets two in a row
   * @throws FlashError when nothing, or something else, answers
   */
  async prompt(interrupt = true, timeout = 1500): Promise<void> {
    for (let attempt = 0; attempt < 4; attempt++) {
      if (interrupt || attempt > 0) await this.#send(CTRL_C);
      try {
        if ((await this.run("6*7", { timeout })) === 42) return;
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
      }
    }
    if (this.heard === "")
      throw new FlashError(
        "Nothing answers",
        "Press reset and try again. Is this the board's console, at this baud rate? Does it run Espruino? If its " +
          "application moves the console away, hold the board's button down while it starts, which skips boot code.",
      );
    throw new FlashError(
      `Something answers, but it is not Espruino: ${JSON.stringify(this.heard)}`,
      "Choose another port or baud rate, or put the Espruino firmware onto the board first.",
    );
  }

  /**
   * Evaluates an expression on the board.
   * @returns its value, which must have a JSON form
   * @throws FlashError when no answer comes, or with what the board threw
   */
  async run(expression: string, { timeout = 5000, retries = 0 }: RunOptions = {}): Promise<unknown> {
    for (let left = retries; ; left--) {
      try {
        return await this.#once(expression, timeout);
      } catch (error) {
        if (left <= 0 || this.#closed) throw error;
        // A byte was lost, so the statement may lie there unfinished. When the board threw instead, it may have read
        // something else than was sent.
        if (error instanceof NoAnswer) await this.#send(CTRL_C);
      }
    }
  }

  /** Sends a statement whose end nobody can wait for, because it restarts the interpreter. */
  async post(statement: string): Promise<void> {
    await this.#send(`${NO_ECHO}${statement}\n`);
  }

  async #once(expression: string, timeout: number): Promise<unknown> {
    if (this.#pending) throw new Error("The board is busy with another statement");
    const id = ++this.#id;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const answer = new Promise((resolve, reject) => {
      const settle = (error: Error | undefined, value?: unknown) => {
        clearTimeout(timer);
        this.#pending = undefined;
        if (error) reject(error);
        else resolve(value);
      };
      this.#pending = { id, settle };
    });
    // A rejection during the send below is not lost: the answer is awaited after it.
    answer.catch(() => {});
    // The mark is put together on the board: a device that sends back what it gets does not pass for one that answers.
    const mark = `"<M"+"95:${id}`;
    await this.#send(
      `${NO_ECHO}try{print(${mark}",JSON.stringify(${expression}),">")}` +
        `catch(e){print(${mark}!",JSON.stringify(""+e),">")}\n`,
    );
    // The answer may have come while the last bytes were being sent.
    if (this.#waitsFor(id)) timer = setTimeout(() => this.#pending?.settle(new NoAnswer(timeout)), timeout);
    return answer;
  }

  #waitsFor(id: number): boolean {
    return this.#pending?.id === id;
  }

  async #send(text: string): Promise<void> {
    for (let i = 0; i < text.length; i += PIECE) {
      if (this.#paused) await this.#unpaused();
      if (this.#closed) throw connectionLost();
      await this.link.write(text.slice(i, i + PIECE));
    }
  }

  #unpaused(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#resume(), MAX_PAUSE);
      this.#resume = () => {
        clearTimeout(timer);
        this.#paused = false;
        this.#resume = () => {};
        resolve();
      };
    });
  }

  #receive(data: string): void {
    for (const flow of data) {
      if (flow === XOFF) this.#paused = true;
      if (flow !== XON) continue;
      this.#paused = false;
      this.#resume();
    }
    const text = data.replaceAll(XON, "").replaceAll(XOFF, "");
    if (this.heard.length < 60) this.heard = (this.heard + text).slice(0, 60);
    const lines = (this.#line + text).split("\n");
    this.#line = (lines.pop() as string).slice(-MAX_LINE);
    for (const line of lines) this.#take(line.replace(REDRAWN, ""));
  }

  #take(line: string): void {
    const found = /<M95:(\d+)(!?) (.*) >$/.exec(line);
    if (!found) {
      this.onOutput(line);
      return;
    }
    const [, id, thrown, json] = found as unknown as [string, string, string, string];
    // An answer that comes after its time belongs to nobody any more.
    if (!this.#waitsFor(Number(id))) return;
    let value: unknown;
    try {
      value = json === "undefined" ? undefined : JSON.parse(json);
    } catch {
      // Garbled on its way: as good as lost.
      return;
    }
    this.#pending?.settle(thrown ? boardThrew(String(value)) : undefined, value);
  }

  #lost(): void {
    this.#closed = true;
    this.#resume();
    this.#pending?.settle(connectionLost());
  }
}

function boardThrew(text: string): FlashError {
  return new FlashError(`The board says: ${text}`, "Reset the board and try again.");
}

function connectionLost(): FlashError {
  return new FlashError("The connection to the board is lost", "Check the cable, connect again and repeat.");
}
