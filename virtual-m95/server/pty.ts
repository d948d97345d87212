// The UART as a pseudo terminal, through socat. It only plumbs: bytes come from the TCP port of the server.

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface Pty {
  close(): Promise<void>;
}

/** A host that closes the terminal ends socat; it comes back after this many ms. */
const restartDelay = 100;
/** So many ends in a row without a terminal in between: it does not work here. */
const attempts = 3;

/**
 * Offers `port` as a pseudo terminal; `onName` gets its path each time it is made: `link`, or what the system chose.
 * Resolves when the first is there, rejects when socat is missing or fails; `onFailure` hears of a later failure.
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
      const socat = spawn("socat", ["-d", "-d", terminal, `TCP:127.0.0.1:${port}`], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      child = socat;
      createInterface(socat.stderr).on("line", (line) => {
        lastLine = line;
        const name = /PTY is (\S+)/.exec(line)?.[1];
        if (!name) return;
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
