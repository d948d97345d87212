// The AT interpreter: echo, command lines, prompts, answers and URCs. It knows no command by itself.

import type { Quirks, SendKind, ViolationKind } from "../options.js";
import type { Timers } from "../time/timers.js";
import { type Command, Params, splitLine } from "./at-parser.js";
import { CmeError, cme, cmeText } from "./errors.js";

/** Settings of the terminal side, part of the profile that AT&W saves. */
export interface Terminal {
  echo: boolean;
  verbose: boolean;
  cmee: 0 | 1 | 2;
}

export type Handler = (call: Call, params: Params) => void;

/** One command with the forms it has (note 3.1); a missing form is an error. */
export interface CommandRow {
  test?: string | Handler;
  read?: Handler;
  write?: Handler;
  exec?: Handler;
}

export type CommandTable = Record<string, CommandRow>;

export interface Prompt {
  /** Sent raw. */
  text: string;
  /** Bytes kept; the rest is dropped. */
  limit: number;
  /** Ends at `limit` bytes instead of at Ctrl+Z. */
  exact?: boolean;
  /** Bytes of one write that are taken; 0 or undefined: all. */
  buffer?: number;
  /** Ends early after so many ms, or at a `+++` behind a pause. */
  timeout?: number;
  echo?: boolean;
  onData(data: string, surplus: number): void;
  onCancel?(): void;
}

export interface InterpreterHooks {
  send(text: string, kind: SendKind): void;
  violation(kind: ViolationKind, detail: string): void;
  table: CommandTable;
  commandTime: number;
  /** A code with which the next call of `name` is to fail. */
  forcedError(name: string): number | undefined;
}

/** Silence in ms in front of a `+++` that ends a prompt: inside a file the three are data. */
const guardTime = 500;

/** URCs held back behind a prompt; what a prompt that stays open for ever would collect beyond it is dropped. */
const heldLimit = 1000;

export class Interpreter {
  readonly #timers: Timers;
  readonly #quirks: Quirks;
  readonly #hooks: InterpreterHooks;
  terminal: Terminal;
  #line = "";
  #echo = "";
  #lastWasCr = false;
  #executing = false;
  #prompt: Prompt | undefined;
  #promptTimer: unknown;
  #data = "";
  #lastChar = 0;
  /** Where a `+` stands that came after a pause; -1: nowhere. */
  #escapeAt = -1;
  #surplus = 0;
  #held: string[] = [];
  #buffered = "";
  #leadingLf = false;

  constructor(timers: Timers, quirks: Quirks, terminal: Terminal, hooks: InterpreterHooks) {
    this.#timers = timers;
    this.#quirks = quirks;
    this.#hooks = hooks;
    this.terminal = terminal;
  }

  get busy(): boolean {
    return this.#executing && this.#prompt === undefined;
  }

  /** Neither a command nor a prompt is open. */
  get idle(): boolean {
    return !this.#executing && this.#prompt === undefined;
  }

  reset(terminal: Terminal): void {
    this.terminal = terminal;
    this.#line = this.#echo = this.#data = this.#buffered = "";
    this.#executing = this.#lastWasCr = this.#leadingLf = false;
    this.#prompt = undefined;
    this.#held = [];
    this.#surplus = 0;
  }

  /** CR LF text CR LF, as urged by the quirks. */
  frame(text: string): string {
    const end = this.#quirks.lineEnding;
    return `${this.#quirks.twoLeadingCrs ? `\r${end}` : end}${text}${end}`;
  }

  urc(text: string): void {
    // Behind held ones too, until those are out: none overtakes another.
    if ((this.#prompt && this.#quirks.urcInPrompt === "hold") || this.#held.length > 0) {
      if (this.#held.length < heldLimit) this.#held.push(text);
      return;
    }
    this.#hooks.send(this.frame(text), "urc");
  }

  receive(data: string, startedBusy: boolean): void {
    if (startedBusy) this.#whileBusy(data);
    else this.#consume(data);
    this.#flushEcho();
  }

  #consume(data: string): void {
    for (let i = 0; i < data.length; i++) {
      if (this.#prompt?.buffer && i >= this.#prompt.buffer) return;
      if (this.#prompt) this.#promptChar(data[i]!);
      else if (this.#executing) {
        this.#whileBusy(data.slice(i));
        return;
      } else this.#commandChar(data[i]!);
    }
  }

  #whileBusy(data: string): void {
    if (data[0] === "\n" && this.#lastWasCr) this.#leadingLf = true;
    this.#lastWasCr = false;
    const text = data.replace(/[\x1b\n]/g, "");
    if (text === "") return;
    this.#hooks.violation("busy", `sent while a command was executing: ${JSON.stringify(text.slice(0, 80))}`);
    if (this.#quirks.busyInput === "buffer") this.#buffered = (this.#buffered + text).slice(0, 1024);
  }

  #commandChar(c: string): void {
    const afterCr = this.#lastWasCr;
    this.#lastWasCr = c === "\r";
    if (c === "\x1b" || (c === "\n" && (afterCr || this.#line === ""))) return;
    if (c === "\x1a") {
      this.#hooks.violation("data-without-prompt", `Ctrl+Z without a prompt behind ${JSON.stringify(this.#line)}`);
      this.#line = "";
      return;
    }
    if (this.terminal.echo) this.#echo += c;
    if (c !== "\r") {
      this.#line += c;
      // A host talking at another rate sends no CR that arrives: the buffer of the module is finite too.
      if (this.#line.length > 4096) this.#line = this.#line.slice(-64);
      return;
    }
    const line = this.#line;
    this.#line = "";
    this.#flushEcho();
    this.#execute(line);
  }

  #flushEcho(): void {
    const text = this.#echo;
    this.#echo = "";
    if (text !== "") this.#hooks.send(text, "echo");
  }

  #execute(line: string): void {
    const start = line.search(/at/i);
    // What is not printable is noise of the line; a text is something the host meant to say.
    // Nor is the way out of a data mode that the host cannot know the module is not in.
    const before = (start < 0 ? line : line.slice(0, start)).replaceAll("+", "");
    if (/[\x21-\x7e]/.test(before)) {
      this.#hooks.violation("data-without-prompt", `not a command: ${JSON.stringify(line.slice(0, 80))}`);
    }
    if (start < 0) return;
    this.#executing = true;
    this.#leadingLf = false;
    const tooLong = this.#quirks.lineLimit > 0 && line.length > this.#quirks.lineLimit;
    const commands = tooLong ? [] : splitLine(line.slice(start + 2));
    this.#timers.after(this.#hooks.commandTime, () => {
      if (tooLong) this.#fail(cme.lineTooLong, "");
      else this.#run(commands, 0);
    });
  }

  #run(commands: Command[], index: number): void {
    const command = commands[index];
    if (!command) {
      this.#finish("OK");
      return;
    }
    const call = new Call(this.#timers, {
      lines: (lines) => this.#lines(lines),
      ok: () => {
        if (index + 1 < commands.length) this.#run(commands, index + 1);
        else this.#finish("OK");
      },
      final: (text) => this.#finish(text),
      error: (error) => {
        if (error.kind) this.#hooks.violation(error.kind, error.message);
        this.#fail(error.code, command.name);
      },
      prompt: (prompt) => this.#open(prompt),
    });
    const forced = this.#hooks.forcedError(command.name);
    if (forced !== undefined) {
      call.fail(new CmeError(forced));
      return;
    }
    const handler = this.#hooks.table[command.name]?.[command.form];
    if (handler === undefined) {
      call.fail(new CmeError(cme.unknownCommand));
      return;
    }
    call.run(() => this.#call(call, command, handler));
  }

  #call(call: Call, command: Command, handler: string | Handler): void {
    if (typeof handler === "string") {
      call.info(handler);
      return;
    }
    const invalid = command.name.startsWith("+QMT") ? cme.mqttParameter : cme.invalidParameter;
    const params = new Params(command.params, invalid, command.raw);
    if (command.malformed) params.fail(command.malformed);
    handler(call, params);
  }

  #lines(lines: string[]): void {
    const end = this.#quirks.lineEnding;
    for (let i = 0; i < lines.length; i++) {
      const framed = this.terminal.verbose && i === 0 ? this.frame(lines[i]!) : lines[i]! + end;
      this.#hooks.send(framed, "line");
    }
  }

  #fail(code: number, name: string): void {
    const plain = this.terminal.cmee === 0 || (name.startsWith("+QI") && this.#quirks.cmePlainErrorForQI);
    if (plain) this.#finish("ERROR");
    else this.#finish(`+CME ERROR: ${this.terminal.cmee === 1 ? code : cmeText(code)}`);
  }

  /** A final result; an empty one ends the command in silence. */
  #finish(text: string): void {
    const numeric = this.terminal.verbose ? undefined : { OK: "0\r", ERROR: "4\r" }[text];
    if (text !== "") this.#hooks.send(numeric ?? this.frame(text), "line");
    this.#executing = false;
    const buffered = this.#buffered;
    this.#buffered = "";
    if (buffered !== "") this.receive(buffered, false);
  }

  #open(prompt: Prompt): void {
    this.#prompt = prompt;
    this.#data = this.#leadingLf && this.#quirks.lfIntoPayload ? "\n" : "";
    this.#surplus = 0;
    this.#escapeAt = -1;
    this.#lastChar = this.#timers.now() - guardTime;
    this.#hooks.send(prompt.text, "prompt");
    if (prompt.timeout !== undefined) {
      this.#promptTimer = this.#timers.after(prompt.timeout, () => this.#close()?.onData(this.#data, 0));
    }
  }

  #promptChar(c: string): void {
    const prompt = this.#prompt!;
    if (!prompt.exact) {
      if (c === "\x1a") {
        this.#close()?.onData(this.#data, this.#surplus);
        return;
      }
      if (c === "\x1b") {
        this.#close()?.onCancel?.();
        return;
      }
    }
    if (prompt.echo && this.terminal.echo) this.#echo += c;
    const now = this.#timers.now();
    if (c === "+" && now - this.#lastChar >= guardTime) this.#escapeAt = this.#data.length;
    this.#lastChar = now;
    if (this.#data.length < prompt.limit) this.#data += c;
    else this.#surplus++;
    if (!prompt.exact) return;
    if (this.#data.length === prompt.limit) this.#close()?.onData(this.#data, 0);
    else if (this.#escaped(prompt)) this.#close()?.onData(this.#data.slice(0, -3), 0);
  }

  #escaped({ timeout }: Prompt): boolean {
    const at = this.#escapeAt;
    return timeout !== undefined && at >= 0 && this.#data.length - at === 3 && this.#data.endsWith("+++");
  }

  /** Ends the prompt: what was held back follows once the command's answer is out. */
  #close(): Prompt | undefined {
    const prompt = this.#prompt;
    this.#prompt = undefined;
    this.#timers.cancel(this.#promptTimer);
    this.#flushEcho();
    this.#timers.after(this.#hooks.commandTime, () => this.#release());
    return prompt;
  }

  #release(): void {
    // The next prompt is open already: its end releases them.
    if (this.#prompt) return;
    const held = this.#held;
    this.#held = [];
    for (const text of held) this.urc(text);
  }
}

interface CallHooks {
  lines(lines: string[]): void;
  ok(): void;
  final(text: string): void;
  error(error: CmeError): void;
  prompt(prompt: Prompt): void;
}

/** One running command: collects its lines and ends exactly once; a handler that returns has ended it with OK. */
export class Call {
  readonly #timers: Timers;
  readonly #hooks: CallHooks;
  #lines: string[] = [];
  #state: "running" | "deferred" | "done" = "running";

  constructor(timers: Timers, hooks: CallHooks) {
    this.#timers = timers;
    this.#hooks = hooks;
  }

  info(...lines: string[]): void {
    this.#lines.push(...lines);
  }

  ok(): void {
    this.#end(() => this.#hooks.ok());
  }

  /** Another final line than OK; "" for none. */
  final(text: string): void {
    this.#end(() => this.#hooks.final(text));
  }

  fail(error: CmeError): void {
    this.#lines = [];
    this.#end(() => this.#hooks.error(error));
  }

  /** Goes on with `fn` after `ms`; the command keeps executing. */
  defer(ms: number, fn: () => void): void {
    this.#state = "deferred";
    this.#timers.after(ms, () => {
      this.#state = "running";
      this.run(fn);
    });
  }

  prompt(prompt: Prompt): void {
    this.#state = "deferred";
    this.#hooks.prompt({
      ...prompt,
      onData: (data, surplus) => this.#resume(() => prompt.onData(data, surplus)),
      onCancel: () => this.#resume(() => prompt.onCancel?.()),
    });
  }

  run(fn: () => void): void {
    try {
      fn();
    } catch (error) {
      if (!(error instanceof CmeError)) throw error;
      this.fail(error);
    }
    if (this.#state === "running") this.ok();
  }

  #resume(fn: () => void): void {
    this.#state = "running";
    this.run(fn);
  }

  #end(send: () => void): void {
    if (this.#state === "done") return;
    this.#state = "done";
    const lines = this.#lines;
    this.#lines = [];
    this.#hooks.lines(lines);
    send();
  }
}
