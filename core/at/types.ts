// A command as the session takes it, whom the session tells what it hears, and what it counts. Types only.
import type { M95Error } from "../errors.js";

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
  /** Times it was sent before. */
  asked?: number;
  /** A final result besides OK and the errors; "#.#.#.#": an IPv4 address. */
  final?: string | undefined;
  /**
   * Called once, never from inside `send`. Errors: `ECME` (refused), `ETIMEOUT`, `EUNKNOWN` (done, but information lines
   * were lost), `EQUEUE`, and what `reset` is called with.
   * @param lines - the information lines
   * @param sent - whether the command reached the line, and with a prompt, whether its data did
   */
  done(error: M95Error | null, lines: string[], sent: boolean): void;
}

export interface SessionSink {
  /** A line that belongs to no command: a URC, or something unknown. */
  urc(line: string, suspect: boolean): void;
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
  lossy(): void;
  /** The meaning of a number of the modem, or "". */
  explain(family: string, code: number): string;
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
