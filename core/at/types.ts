// What the framer hands over, a command as the session takes it, whom the session tells what it hears, and what it counts. Types only.
import type { Counters } from "../counters.js";
import type { M95Error } from "../errors.js";
import type { Clock, Uart } from "../ports.js";

/** Where the pieces go. */
export interface FramerSink {
  /**
   * A line without its line end and the noise in front of it, never empty; or the awaited prompt.
   * @param mayBePayload - it came without a pause behind a message, or behind lost bytes
   */
  line(line: string, mayBePayload: boolean): void;
  /**
   * A message, raw, from its prefix to the last byte before its line feed.
   * @param ambiguous - it may have been cut too early, or may itself be part of the payload before it
   */
  received(text: string, ambiguous: boolean): void;
  /** Gets messages straight away while no command waits or runs, and nothing is traced. */
  readonly inbox: MessageSink;
  readonly trace?: unknown;
  /** The line was silent: what comes now is no payload. Told behind messages and lost bytes only. */
  quiet(): void;
  /** Whether a line inside a message looks like the start of something else. */
  starts(line: string): boolean;
  /** Whether nobody but the modem can have said a line. @param guessed - or who has guessed what it holds */
  proves(line: string, guessed?: boolean): boolean;
  /** Bytes were lost, or dropped because the limit was reached; what they belonged to is not handed over. */
  overran(): void;
  /** One of these threw: the rest of the chunk is lost. */
  threw(error: unknown): void;
}

/** Who knows how long a message is. */
export interface Counter {
  /**
   * Bytes a message has at least when a line ends behind its last one; 0: its length is not known; -1: not yet.
   * @param text - the message up to the end of one of its lines
   */
  measure(text: string): number;
  /** Its length may have been read out of a longer topic, if a line that `continues` it comes before the line is silent. */
  readonly unsure?: boolean;
  /** Whether a line may be the end of a longer topic, with a length behind it. */
  continues?(line: string): boolean;
}

export interface Request {
  /** The command, without its CR. */
  text: string;
  /** ms until the final result, counted anew behind a prompt; the time the bytes take on the line comes on top. */
  timeout: number;
  /** How an information line of the answer starts; "": any way; undefined: it has none. */
  info?: string | undefined;
  /** What the modem prints when it is ready for `data`: ">" or a whole line such as "CONNECT". */
  prompt?: string | undefined;
  /** Bytes to send behind the prompt, end mark included; needed with `prompt`. */
  data?: string | undefined;
  /** The modem counts the data: there is no end mark, and nothing but so many bytes leads out of the prompt. */
  counted?: boolean;
  /** The data goes in pieces with pauses, so that a modem without flow control can keep up; ms until the final result behind it. */
  upload?: number | undefined | "";
  /** Sent twice it does no harm: it is sent again when its answer may be part of a message. Queries are anyway. */
  repeats?: boolean;
  /** Times it was sent before. */
  asked?: number;
  /** A final result besides OK and the errors; "#.#.#.#": an IPv4 address. */
  final?: string | undefined;
  /**
   * Called once, never from inside `send`. Errors: `ECME` (refused), `ETIMEOUT`, `EUNKNOWN` (its end, or lines of its answer,
   * may be part of a message or were lost), `EQUEUE`, and what `reset` is called with.
   * @param lines - the information lines
   * @param sent - whether the command reached the line, and with a prompt, whether its data did
   */
  done(error: M95Error | null, lines: string[], sent: boolean): void;

  // What the session notes while it runs.

  /** When it, or its data, was sent, ms of the clock; noted once it is given up. */
  _begun?: number;
  _lines?: string[] | undefined;
  /** Bytes of its information lines; beyond the limit when some of them were lost. */
  _size?: number;
  /** It reached the line, and with a prompt, its data did. */
  sent?: boolean;
  /** Its information lines may be those of a message, or have got into one. */
  _mixed?: boolean;
  /** Text whose echo may come back; undefined: no echo is expected. */
  _echo?: string | undefined;
  /** What is held, while something is: an error, the prompt. */
  _refused?: boolean | undefined;
  _prompted?: boolean | undefined;
}

/** Where messages go. */
export interface MessageSink {
  /** A message, raw, as the framer hands it over; when it was last under way, the framer's `stamp` says. */
  received(text: string, ambiguous: boolean): void;
}

export interface SessionSink {
  /** A line that belongs to no command: a URC, or something unknown. */
  urc(line: string, mayBePayload: boolean): void;
  /** A command stayed without a final result; the line is about to be synchronised. */
  late(run: Request): void;
  /** The modem echoes although it was told not to: it has lost its settings, or a message looks so. */
  echoed(): void;
  /** The modem cannot be brought to answer `AT`. */
  mute(error: M95Error): void;
}

/** Who knows more than the line. */
export interface SessionHost {
  /** Received bytes were lost; there may have been a URC among them. */
  bytesLost(): void;
  /** Whether a line holds what nobody but the modem can know. @param guessed - or guesses, of whom it is known that they do */
  knows(line: string, guessed?: boolean): boolean;
  /** A port or a callback threw. */
  listenerThrew(error: unknown): void;
  /** The meaning of a number of the modem, or "". */
  explain(family: string, code: number): string;
}

/** What a session is made of. */
export interface SessionSetup {
  uart: Uart;
  clock: Clock;
  sink: SessionSink;
  host: SessionHost;
  /** Whether a line is a URC, given the command that runs ("" if none). */
  isUrc: (line: string, running: string) => boolean;
  counters: Counters;
  /** ms of silence before a command is sent. */
  guard: number;
  /** Bytes that a line, a message or an answer may have. */
  limit: number;
  /** How a line starts that is a message. */
  prefix: string;
}

export interface SessionStats {
  /** Bytes and lines received. */
  bytes: number;
  lines: number;
  /** Commands sent. */
  commands: number;
  /** Times that received bytes were lost. */
  overruns: number;
  /** Times the line was resynchronised. */
  resyncs: number;
  /** Commands without a final result in time. */
  timeouts: number;
  /** Final results that no command was waiting for. */
  strays: number;
}
