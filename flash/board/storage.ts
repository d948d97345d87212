// Files in the board's Storage: writing in acknowledged chunks, reading back. It decides nothing about which files there are and
// whether they fit, and starts nothing.
import { FlashError } from "./errors.js";
import { READ } from "./inspect.js";
import { chunks, crc32, quote } from "./quote.js";
import type { Session } from "./session.js";

/** A file as it shall be on the board. `data` is a binary string. */
export interface BoardFile {
  name: string;
  data: string;
}

/** Called with the bytes done and the bytes there are. */
export type Progress = (done: number, total: number) => void;

/** So many bytes of the driver are written at once: its check whether it is whole is in them. */
export const HEAD = 768;
/** The header in front of each file. */
const HEADER = 32;
/** Espruino's limit. */
export const MAX_NAME = 28;
/** Erasing flash and compacting take seconds, on a full board many. */
export const SLOW = 60_000;
/** For what does no harm when it is done twice. */
const RETRIES = 3;

/** Where the board gathers what is written at once. */
const GATHERED = "M95h";

export const STORAGE = 'require("Storage")';

/** What so many bytes take of the flash as a file. */
export function sizeInFlash(data: { length: number }): number {
  return HEADER + Math.ceil(data.length / 4) * 4;
}

/**
 * Writes one file. Each chunk is checked on the board before it goes into the flash, and answered before the next.
 * @param head - so many bytes are gathered in RAM first and written at once, so that no file with less of them is ever there
 * @throws FlashError when the board refuses
 */
export async function writeFile(session: Session, file: BoardFile, progress: Progress, head = 0): Promise<void> {
  const total = file.data.length;
  progress(0, total);
  const pieces = chunks(file.data);
  const gathered = pieces.filter(({ offset }) => offset < head);
  const length = gathered.reduce((sum, { data }) => sum + data.length, 0);
  for (const { offset, data } of pieces) {
    const inRam = offset < length;
    // Cut to its place first: a chunk may come twice.
    const store = inRam ? `(${GATHERED}=(o?${GATHERED}.substr(0,o):"")+d,true)` : `${STORAGE}.write(f,d,o,n)`;
    await writeChunk(session, file, offset, data, store);
    if (inRam && offset + data.length === length) {
      const write = `${STORAGE}.write(${quote(file.name)},${GATHERED},0,${total})`;
      const isWritten = await session.run(`E.CRC32(${GATHERED})==${crc32(file.data.slice(0, length))}&&${write}`, {
        timeout: SLOW,
        retries: RETRIES,
      });
      if (isWritten !== true) throw refused(file, 0, isWritten === false);
    }
    progress(offset + data.length, total);
  }
}

/** @param store - what the board does with the data `d` for the file `f` of length `n` at offset `o` */
async function writeChunk(session: Session, file: BoardFile, offset: number, data: string, store: string) {
  const total = file.data.length;
  // The checksum covers where the bytes go, too: a lost digit would put them elsewhere.
  const crc = crc32(`${file.name}${offset}/${total}${data}`);
  const check = `E.CRC32(f+o+"/"+n+d)==${crc}?${store}:"cut"`;
  const expression = `(function(f,o,n,d){return ${check}})(${quote(file.name)},${offset},${total},${quote(data)})`;
  let verdict: unknown = "cut";
  for (let attempt = 0; attempt <= RETRIES && verdict === "cut"; attempt++)
    verdict = await session.run(expression, { timeout: offset === 0 ? SLOW : 5000, retries: RETRIES });
  if (verdict !== true) throw refused(file, offset, verdict === "cut");
}

function refused(file: BoardFile, offset: number, isCut: boolean): FlashError {
  return new FlashError(
    `${file.name} could not be written, at byte ${offset}${isCut ? ": bytes get lost on the way" : ""}`,
    isCut
      ? "Try another cable, or a lower rate with --baud."
      : "Reset the board and try again; if it stays so, erase Storage with eraseAll().",
  );
}

/**
 * Lets the board compute the checksum of a file.
 * @throws FlashError when it is not that of the data
 */
export async function verifyChecksum(session: Session, file: BoardFile): Promise<void> {
  const expression = `(function(s){return s===undefined?[-1,0]:[s.length,E.CRC32(s)]})(${STORAGE}.read(${quote(file.name)}))`;
  const [length, crc] = (await session.run(expression, { timeout: SLOW, retries: RETRIES })) as [number, number];
  if (length !== file.data.length) throw differs(file, `${Math.max(length, 0)} bytes instead of ${file.data.length}`);
  if (crc !== crc32(file.data)) throw differs(file, "its checksum is another");
}

/**
 * Reads a file back and compares every byte.
 * @throws FlashError that names the first byte that differs
 */
export async function verifyBytes(session: Session, file: BoardFile, progress: Progress): Promise<void> {
  const total = file.data.length;
  await verifyChecksum(session, file);
  progress(0, total);
  for (const { offset, data } of chunks(file.data, READ)) {
    const read = `btoa(${STORAGE}.read(${quote(file.name)},${offset},${data.length}))`;
    const there = atob((await session.run(read, { retries: RETRIES })) as string);
    for (let i = 0; i < data.length; i++) if (there[i] !== data[i]) throw differs(file, `first at byte ${offset + i}`);
    progress(offset + data.length, total);
  }
}

function differs(file: BoardFile, how: string): FlashError {
  return new FlashError(
    `What the board holds as ${file.name} is not what was sent: ${how}`,
    "Flash again. If it stays so, erase Storage with eraseAll(); flash memory wears out, too.",
  );
}
