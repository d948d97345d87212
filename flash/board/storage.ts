// Files in the board's Storage: room for them, writing in acknowledged chunks, reading back. It decides nothing about
// which files there are, and starts nothing.
import { FlashError } from "./errors.js";
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
const MAX_NAME = 28;
/** Erasing flash and compacting take seconds, on a full board many. */
const SLOW = 60_000;
/** Bytes per reading: what the board sends needs no room in its receive buffer. */
const READ = 768;
/** For what does no harm when it is done twice. */
const RETRIES = 3;

const STORAGE = 'require("Storage")';

/** What erasing the files called NAMES and compacting would free. Firmware without getStats does not tell: 1e9. */
const RECLAIMABLE =
  `(function(s){return s.getStats?NAMES.reduce(function(n,f){f=s.read(f);return f?n+f.length+${HEADER}:n},` +
  `s.getStats().trashBytes):1e9})(${STORAGE})`;

/** What a file takes of the flash. */
export function sizeInFlash(file: BoardFile): number {
  return HEADER + Math.ceil(file.data.length / 4) * 4;
}

/**
 * Sees to it that the files fit. Old versions of them are erased, and Storage is compacted, only when needed and only
 * when that will be enough.
 * @throws FlashError that says how much is needed and free
 */
export async function makeRoom(session: Session, files: BoardFile[]): Promise<void> {
  for (const { name } of files)
    if (name.length === 0 || name.length > MAX_NAME)
      throw new FlashError(`"${name}" is no file name`, `Take one of 1 to ${MAX_NAME} characters.`);
  const needed = files.reduce((sum, file) => sum + sizeInFlash(file), 0);
  let available = await free(session);
  if (available >= needed) return;
  const names = `[${files.map(({ name }) => quote(name)).join(",")}]`;
  const reclaimable = (await session.run(RECLAIMABLE.replace("NAMES", names), { retries: RETRIES })) as number;
  if (available + reclaimable >= needed) {
    for (const { name } of files) await session.run(`${STORAGE}.erase(${quote(name)})`, { timeout: SLOW });
    await session.run(`${STORAGE}.compact()`, { timeout: SLOW });
    available = await free(session);
    if (available >= needed) return;
  }
  const list = (await session.run(`${STORAGE}.list()`, { retries: RETRIES })) as string[];
  const others = list.filter((name) => files.every((file) => file.name !== name));
  throw new FlashError(
    `Not enough Storage: ${needed} bytes are needed, ${available} are free; old versions and compact() do not help`,
    (others.length > 0 ? `It also holds ${others.join(", ")}. ` : "") +
      `Erase what you do not need with ${STORAGE}.erase("name") or, everything, with ${STORAGE}.eraseAll(); ` +
      "or take a smaller bundle.",
  );
}

async function free(session: Session): Promise<number> {
  return (await session.run(`${STORAGE}.getFree()`, { retries: RETRIES })) as number;
}

/**
 * Writes one file. Each chunk is checked on the board before it goes into the flash, and answered before the next.
 * @throws FlashError when the board refuses
 */
export async function writeFile(session: Session, file: BoardFile, progress: Progress): Promise<void> {
  const total = file.data.length;
  progress(0, total);
  const name = quote(file.name);
  for (const { offset, data } of chunks(file.data)) {
    // The checksum covers where the bytes go, too: a lost digit would put them elsewhere.
    const crc = crc32(`${file.name}${offset}/${total}${data}`);
    const check = `E.CRC32(f+o+"/"+n+d)==${crc}?${STORAGE}.write(f,d,o,n):"cut"`;
    const expression = `(function(f,o,n,d){return ${check}})(${name},${offset},${total},${quote(data)})`;
    let verdict: unknown = "cut";
    for (let attempt = 0; attempt <= RETRIES && verdict === "cut"; attempt++)
      verdict = await session.run(expression, { timeout: offset === 0 ? SLOW : 5000, retries: RETRIES });
    if (verdict !== true)
      throw new FlashError(
        `${file.name} could not be written, at byte ${offset}${verdict === "cut" ? ": bytes get lost on the way" : ""}`,
        verdict === "cut"
          ? "Try another cable, or a lower rate with --baud."
          : "Reset the board and try again; if it stays so, erase Storage with eraseAll().",
      );
    progress(offset + data.length, total);
  }
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
