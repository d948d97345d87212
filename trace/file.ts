// Recordings in files: each line is written at once, and a file does not grow for ever. What is recorded is trace/'s.
import fs from "node:fs";
import { Recorder } from "./recorder.js";

/** Options of `recorder`. */
export interface RecorderOptions {
  /** Bytes of the file and the one before it, together. Default 16,000,000, at least 10,000. */
  limit?: number;
}

/**
 * For option `trace`: writes what passes between host, driver and modem to a file, as JSON lines; what is secret is veiled.
 * When it has half its limit it goes on in a new one, and the full one is kept as `FILE.1`. A disk that takes no more ends the
 * recording with a word on the console, and nothing else.
 * @throws the system's error when the file cannot be made; RangeError for a bad limit
 */
export function recorder(file: string, options: RecorderOptions = {}): Recorder {
  const { limit = 16_000_000 } = options;
  if (!(limit >= 10_000)) throw new RangeError(`limit must be a number of at least 10000, not ${limit}`);
  const half = limit / 2;
  // Topics and payloads are nobody else's business.
  const open = (): number => fs.openSync(file, "w", 0o600);
  let fd = open();
  let size = 0;
  const write = (line: string): void => {
    size += fs.writeSync(fd, `${line}\n`);
  };
  const made: Recorder = new Recorder((line) => {
    try {
      if (size + line.length > half && size > 0) {
        fs.closeSync(fd);
        fs.renameSync(file, `${file}.1`);
        fd = open();
        size = 0;
        write(made.head);
      }
      write(line);
    } catch (error) {
      console.warn(`the recording in ${file} ends here: ${(error as Error).message}`);
      made.close();
    }
  });
  return made;
}
