// A model of an Espruino board's console, as far as flashing uses it: keys, echo, Storage, boot code. It evaluates
// statements with Node's own JavaScript engine, so it says nothing about what Espruino can parse; a real Espruino does.
import { createContext, runInContext } from "node:vm";
import { crc32 } from "../../flash/board/quote.js";

/** How the board is to be, and what goes wrong. */
export interface ModelOptions {
  /** What it says it is, default MODEL. */
  board?: unknown;
  /** Its firmware, default 2v29. */
  version?: string;
  /** Bytes of Storage, default 65536. */
  storage?: number;
  /** jsVars that there are and that are free; without, it does not know its memory. */
  memory?: { total: number; free: number };
  /** Bytes of a page of its flash; without, it does not know. */
  page?: number;
  /** It does not tell how much trash there is, as old firmware. */
  noStats?: boolean;
  /** After so many received bytes the power is cut: nothing is heard and nothing said any more. */
  cut?: number;
  /** What the board does instead of being Espruino: nothing, sending all back, or asking for a login. */
  instead?: "silence" | "echo" | "login";
  /** The n-th received bytes, counted from 1, that get lost. */
  lose?: number[];
  /** The file of which reading gives another first byte: worn-out flash. */
  worn?: string;
  /** A millisecond interval in which an application prints, whatever is typed, until reset. */
  chatter?: number;
  /** What `require` gives, besides files in Storage. */
  modules?: { [name: string]: unknown };
  /** What an application has left in the board's scope. */
  globals?: { [name: string]: unknown };
  /** Say XOFF for this many ms after so many received bytes, each time. */
  pause?: { every: number; ms: number };
}

/** The banner of a start. */
const BANNER = "\r\n ____                 _ \r\n|  __|___ ___ ___ _ _|_|___ ___ \r\n 2v29 (model)\r\n\r\n>";

/** One board. Bytes in with `receive`, out with `onOutput`; both are binary strings. */
export class ReplModel {
  /** Called with what the board sends. */
  onOutput: (data: string) => void = () => {};
  /** The files in Storage. */
  readonly files = new Map<string, string>();
  /** Bytes that came while the board had said XOFF, beyond those that were on their way. */
  overrun = 0;
  /** How often it said XOFF. */
  pauses = 0;
  /** Statements that were executed. */
  statements = 0;

  #line = "";
  #echo = true;
  #received = 0;
  #trash = 0;
  #since = 0;
  #paused = false;
  #chatter: NodeJS.Timeout | undefined;
  #context = createContext({});

  constructor(private readonly options: ModelOptions = {}) {
    this.#reset();
    if (options.chatter)
      this.#chatter = setInterval(() => this.onOutput("\r\x1b[Jtick <M95 nonsense\r\n>"), options.chatter);
  }

  /** The board is unplugged. */
  close(): void {
    clearInterval(this.#chatter);
  }

  /** Bytes arrive. */
  receive(data: string): void {
    const { instead, lose, pause, cut } = this.options;
    if (cut !== undefined && this.#received + data.length > cut) return;
    if (instead === "echo") this.onOutput(data);
    if (instead === "login") this.onOutput("\r\nmodem login: ");
    if (instead) return;
    if (this.#paused) this.overrun += data.length;
    for (const key of data) {
      this.#received++;
      if (!lose?.includes(this.#received)) this.#key(key);
    }
    this.#since += data.length;
    if (!pause || this.#since < pause.every) return;
    this.#since = 0;
    this.#paused = true;
    this.pauses++;
    this.onOutput("\x13");
    setTimeout(() => {
      this.#paused = false;
      this.onOutput("\x11");
    }, pause.ms);
  }

  #key(key: string): void {
    if (key === "\x03") {
      this.#line = "";
      this.#echo = true;
      this.onOutput("\r\x1b[J>");
      return;
    }
    if (key === "\x10" && this.#line === "") {
      this.#echo = false;
      return;
    }
    if (key !== "\n") {
      this.#line += key;
      if (this.#echo) this.onOutput(key);
      return;
    }
    // The real one waits for closing brackets and quotes, which is what a lost byte looks like.
    if (unfinished(this.#line)) return;
    const statement = this.#line;
    this.#line = "";
    if (this.#echo) this.onOutput("\r\n");
    this.#execute(statement);
    this.#echo = true;
    this.onOutput(">");
  }

  #execute(statement: string): void {
    this.statements++;
    try {
      runInContext(statement, this.#context, { timeout: 1000 });
    } catch (error) {
      this.onOutput(`Uncaught ${error}\r\n    at REPL\r\n`);
    }
  }

  #reset(): void {
    clearInterval(this.#chatter);
    const storage = this.#storage();
    const { memory, noStats, page } = this.options;
    this.#context = createContext({
      ...this.options.globals,
      print: (...values: unknown[]) => this.onOutput(`${values.map(String).join(" ")}\r\n`),
      require: (name: string) => {
        if (name === "Storage") return noStats ? { ...storage, getStats: undefined } : storage;
        if (name === "Flash") return { getPage: () => page && { length: page } };
        const given = this.options.modules?.[name];
        if (given !== undefined) return given;
        const code = this.files.get(name);
        if (code === undefined) throw new Error(`Module ${name} not found`);
        if (code.includes("\xff")) throw new SyntaxError("Got [ERASED] expected EOF");
        return name;
      },
      E: { CRC32: (bytes: string) => crc32(bytes), getAddressOf: () => 0x08000000 },
      process: {
        env: { BOARD: this.options.board ?? "MODEL", VERSION: this.options.version ?? "2v29", CONSOLE: "USB" },
        ...(memory && { memory: () => ({ ...memory, blocksize: 16 }) }),
      },
      USB: { println: (text: string) => this.onOutput(`${text}\r\n`) },
      atob,
      btoa,
      reset: () => {
        this.#reset();
        this.onOutput(BANNER);
      },
      load: () => this.#load(),
    });
  }

  #load(): void {
    this.#reset();
    this.onOutput(BANNER);
    const code = this.files.get(".bootrst") ?? this.files.get(".bootcde");
    if (code !== undefined) this.#execute(code);
  }

  #storage() {
    const size = (bytes: string) => 32 + Math.ceil(bytes.length / 4) * 4;
    const used = () => [...this.files.values()].reduce((sum, bytes) => sum + size(bytes), 0);
    const total = this.options.storage ?? 65_536;
    const free = () => total - used() - this.#trash;
    const erase = (name: string) => {
      const old = this.files.get(name);
      if (old !== undefined) this.#trash += size(old);
      this.files.delete(name);
    };
    const create = (name: string, data: string, length: number) => {
      const bytes = data.padEnd(length, "\xff");
      if (free() < size(bytes)) throw new Error("Unable to find or create file");
      erase(name);
      this.files.set(name, bytes);
      return true;
    };
    const read = (name: string, offset = 0, length = 0) => {
      let bytes = this.files.get(name);
      if (bytes !== undefined && name === this.options.worn) bytes = `\0${bytes.slice(1)}`;
      return bytes?.slice(offset, length > 0 ? offset + length : undefined);
    };
    return {
      read,
      erase,
      readJSON: (name: string) => (read(name) === undefined ? undefined : JSON.parse(read(name)!)),
      list: () => [...this.files.keys()],
      getFree: free,
      getStats: () => ({ totalBytes: total, trashBytes: this.#trash, freeBytes: free() }),
      compact: () => {
        this.#trash = 0;
      },
      write: (name: string, data: string, offset: number, length: number) => {
        if (offset === 0) return create(name, data, length);
        const old = this.files.get(name)!;
        const there = old.slice(offset, offset + data.length);
        if (there !== data && /[^\xff]/.test(there)) throw new Error("File already written with different data");
        this.files.set(name, old.slice(0, offset) + data + old.slice(offset + data.length));
        return true;
      },
    };
  }
}

/** Whether a bracket or a string is open, as Espruino counts them. */
function unfinished(line: string): boolean {
  let depth = 0;
  for (let i = 0; i < line.length; i++) {
    if ("([{".includes(line[i]!)) depth++;
    else if (")]}".includes(line[i]!)) depth--;
    else if (line[i] === '"') {
      for (i++; i < line.length && line[i] !== '"'; i++) if (line[i] === "\\") i++;
      if (i >= line.length) return true;
    }
  }
  return depth > 0;
}
