// The UART as a pseudo terminal, through socat. It only plumbs: bytes come from the TCP port of the server.

import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, lstatSync, readlinkSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";

export interface Pty {
  close(): Promise<void>;
}

/** A host that closes the terminal ends socat; it comes back after this many ms. */
const restartDelay = 100;
/** So many ends in a row without a terminal in between: it does not work here. */
const attempts = 3;

/**
 * Looks at the path that is to become a link to a terminal. A link that an earlier run has left is taken away by socat.
 * @throws Error when it is something else, or cannot be made
 */
function checkLink(link: string): void {
  const folder = path.dirname(path.resolve(link));
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch {
    throw new Error(`--pty ${link}: ${folder} is no folder in which a link can be made`);
  }
  let left = false;
  try {
    left = lstatSync(link).isSymbolicLink() && readlinkSync(link).startsWith("/dev/pts/");
  } catch {
    return;
  }
  if (!left) throw new Error(`--pty ${link}: there is something already, and it is no link to a terminal`);
}

/**
 * Offers `port` as a pseudo terminal; `onName` gets its path each time it is made: `link`, or what the system chose.
 * Resolves when the first is there, rejects when the link cannot be made, or socat is missing or fails; `onFailure` hears of a later failure.
 */
export function startPty(
  port: number,
  link: string | undefined,
  onName: (path: string) => void,
  onFailure: (error: Error) => void,
): Promise<Pty> {
  let child: ChildProcess | undefined;
  let closing = false;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  const terminal = `PTY,raw,echo=0${link === undefined ? "" : `,link=${link}`}`;

  return new Promise((resolve, reject) => {
    if (link !== undefined) checkLink(link);
    let started = false;
    const fail = (error: Error): void => (started ? onFailure(error) : reject(error));
    const pty: Pty = {
      close: () =>
        new Promise((done) => {
          closing = true;
          clearTimeout(timer);
          if (!child || child.exitCode !== null || child.signalCode !== null) return done();
          child.once("exit", () => done());
          child.kill("SIGTERM");
        }),
    };
    const start = (): void => {
      let lastLine = "";
      let name: string | undefined;
      const socat = spawn("socat", ["-d", "-d", terminal, `TCP:127.0.0.1:${port}`], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      child = socat;
      createInterface(socat.stderr).on("line", (line) => {
        lastLine = line;
        // Behind the name the link may still fail, and with it the terminal.
        name = /PTY is (\S+)/.exec(line)?.[1] ?? name;
        if (!name || !line.includes("starting data transfer loop")) return;
        failures = 0;
        started = true;
        onName(link ?? name);
        resolve(pty);
      });
      socat.on("error", (error: NodeJS.ErrnoException) => {
        closing = true;
        fail(error.code === "ENOENT" ? new Error("--pty needs socat: install the Debian package socat") : error);
      });
      socat.on("exit", () => {
        if (closing) return;
        if (++failures >= attempts) {
          closing = true;
          fail(new Error(`socat: ${lastLine}`));
        } else timer = setTimeout(start, restartDelay);
      });
    };
    start();
  });
}
