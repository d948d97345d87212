// What the page's two scripts tell each other about the board that is connected: flashing has the connection, the workbench looks on.
// They share nothing else.

/** A board on the page's connection. */
export interface ConnectedBoard {
  /** It is being written; it is told again behind that. */
  readonly busy: boolean;
  /** Evaluates an expression on it. @throws FlashError, or an Error while something is written to it */
  run(expression: string): Promise<unknown>;
  /** Lets it go. */
  close(): Promise<void>;
}

const BOARD = "m95-board";
const LINE = "m95-line";
const WANTED = "m95-wanted";

/** Tells that a board is there, or has started anew; undefined: it is gone. */
export function tellBoard(board: ConnectedBoard | undefined): void {
  document.dispatchEvent(new CustomEvent(BOARD, { detail: board }));
}

export function onBoard(listener: (board: ConnectedBoard | undefined) => void): void {
  document.addEventListener(BOARD, (event) => listener((event as CustomEvent).detail ?? undefined));
}

/** What the board printed, as bytes, and where it goes when it was taken and turns out to be the application's. */
interface Line {
  text: string;
  giveBack(text: string): void;
}

/** Tells a line. @returns whether somebody has taken it */
export function tellLine(text: string, giveBack: (text: string) => void): boolean {
  const detail: Line = { text, giveBack };
  return !document.dispatchEvent(new CustomEvent(LINE, { detail, cancelable: true }));
}

/** @param listener - true takes the line */
export function onLine(listener: (text: string, giveBack: (text: string) => void) => boolean): void {
  document.addEventListener(LINE, (event) => {
    const { text, giveBack } = (event as CustomEvent<Line>).detail;
    if (listener(text, giveBack)) event.preventDefault();
  });
}

/** Asks for a board, out of a click; it is told as any other. @param failed - called with what went wrong, for people */
export function wantBoard(failed: (why: string) => void): void {
  document.dispatchEvent(new CustomEvent(WANTED, { detail: failed }));
}

export function onWanted(listener: (failed: (why: string) => void) => void): void {
  document.addEventListener(WANTED, (event) => listener((event as CustomEvent).detail));
}
