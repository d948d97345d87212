// A board behind a pseudo terminal, made by socat: a model of Espruino's console in this process, or a real Espruino.
// It also gives either of them without a terminal. It tests nothing.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ExecutionContext } from "ava";

/** A board by its bytes, as binary strings. */
export interface Board {
  receive(data: string): void;
  onOutput: (data: string) => void;
  close(): void;
}

/**
 * A real Espruino, from its Linux build, whose two threads share their queue without a lock: bytes that come while it
 * takes some out can get lost or kill it. So it gets a statement at once, and is idle when it does. Its Storage is a
 * file in a folder of its own, gone when it is closed.
 * @param program - path of the binary
 */
export function espruino(program: string): Board {
  const folder = mkdtempSync(path.join(tmpdir(), "m95-flash-"));
  const child = spawn(program, [], { cwd: folder, stdio: ["pipe", "pipe", "ignore"] });
  let statement = "";
  const board: Board = {
    receive(data) {
      statement += data;
      if (!/[\n\x03]$/.test(statement)) return;
      child.stdin.write(statement, "latin1");
      statement = "";
    },
    onOutput: () => {},
    close: () => {
      child.stdin.on("error", () => {});
      // Not by closing its input: it would spin, and it takes SIGTERM for a key.
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true });
    },
  };
  child.stdout.setEncoding("latin1").on("data", (data: string) => board.onOutput(data));
  return board;
}

/** Puts a board behind a pseudo terminal, for as long as the test runs; resolves with the terminal's path. */
export async function onPty(t: ExecutionContext, board: Board): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), "m95-pty-"));
  const link = path.join(folder, "board");
  let socat: ChildProcess | undefined;
  let ended = false;
  const start = () => {
    const child = spawn("socat", ["-", `PTY,link=${link},raw,echo=0`], { stdio: ["pipe", "pipe", "ignore"] });
    socat = child;
    child.stdout.setEncoding("latin1").on("data", (data: string) => board.receive(data));
    child.stdin.on("error", () => {});
    board.onOutput = (data) => child.stdin.write(data, "latin1");
    // It ends when a program closes the terminal; a board does not.
    child.on("exit", () => ended || start());
  };
  start();
  t.teardown(() => {
    ended = true;
    socat?.kill();
    board.close();
    rmSync(folder, { recursive: true, force: true });
  });
  for (let i = 0; i < 200 && !existsSync(link); i++) await new Promise((resolve) => setTimeout(resolve, 25));
  return link;
}
