// Whether the files fit onto a board, computed before anything is erased, and making room for them. It writes no file.
import { FlashError } from "./errors.js";
import { type Room, roomOf } from "./inspect.js";
import { MODULE, type Need } from "./parts.js";
import { quote } from "./quote.js";
import type { Session } from "./session.js";
import { type BoardFile, MAX_NAME, SLOW, STORAGE, sizeInFlash } from "./storage.js";

/** jsVars that a connected driver takes on a board, and the most at any time until it is connected; measured, rounded up. */
export const CONNECTED_VARS = 1600;
export const MOST_VARS = 2300;

/** Of the free jsVars, how much can be one piece, for Espruino's buffer while it compacts. */
const IN_ONE_PIECE = 0.9;

/** How the files get onto the board. */
export interface Fit {
  /** Files to be erased before anything is written; none when the new ones fit beside them. */
  erase: string[];
  /** Files of an earlier version that nobody needs any more. */
  stale: string[];
  /** Bytes of Storage that are left afterwards, and all there are, as far as the board tells. */
  left?: number;
  total?: number | undefined;
}

/** What is asked of a board. */
export interface Wish {
  files: BoardFile[];
  /** Old files that go, besides those of the same names as the new ones. */
  gone?: string[];
  /** Why there are parts, for the advice. */
  needs?: Need[];
}

/** The driver's files and those of its parts: what this program may erase unasked. */
export function isOwn(name: string): boolean {
  return name === MODULE || name.startsWith(`${MODULE}-`);
}

function sizeOf(length: number): number {
  return sizeInFlash({ length });
}

function sum(numbers: number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}

/**
 * How the files fit. What the board did not tell is not checked.
 * @throws FlashError that says what is needed, what is free, and what to leave out
 */
export function fitOf(room: Room, { files, gone = [], needs = [] }: Wish): Fit {
  for (const { name } of files)
    if (name.length === 0 || name.length > MAX_NAME)
      throw new FlashError(`"${name}" is no file name`, `Take one of 1 to ${MAX_NAME} characters.`);
  const there = room.files ?? {};
  const isNew = (name: string) => files.some((file) => file.name === name);
  const own = Object.keys(there).filter(isOwn);
  const stale = own.filter((name) => !isNew(name));
  const others = Object.keys(there).filter((name) => !isOwn(name) && (isNew(name) || gone.includes(name)));
  const { storage } = room;
  if (!storage) return { erase: [], stale };
  const { free, total, trash } = storage;
  const needed = sum(files.map((file) => sizeInFlash(file.data)));
  const sizes = (names: string[]) => sum(names.map((name) => sizeOf(there[name]!)));
  // A board that does not tell its trash may have any amount of it.
  const compacted = free + (trash ?? 0) + sizes(own);
  const left = compacted + sizes(others) - needed;
  const fitting = { stale, left, total };
  if (free >= needed) return { ...fitting, erase: [] };
  if (trash === undefined || compacted >= needed) return { ...fitting, erase: compactable(room, own) };
  if (left >= 0) return { ...fitting, erase: compactable(room, [...own, ...others]) };
  throw notEnough(room, needed, -left, files, needs);
}

/**
 * The names, if Espruino can compact once they are erased: it copies what stays through a buffer of as many bytes, or of a page of
 * flash, in RAM.
 */
function compactable({ files = {}, memory, page }: Room, erase: string[]): string[] {
  const rest = Object.keys(files).filter((name) => !erase.includes(name));
  const buffer = Math.min(sum(rest.map((name) => sizeOf(files[name]!))), page ?? 0);
  if (memory && buffer > memory.free * memory.block * IN_ONE_PIECE)
    throw new FlashError(
      `Storage cannot be compacted: ${buffer} bytes of it do not fit into RAM at once`,
      `Erase files that you do not need, ${STORAGE}.erase("name"): ${rest.join(", ")}.`,
    );
  return erase;
}

function notEnough(room: Room, needed: number, missing: number, files: BoardFile[], needs: Need[]): FlashError {
  const outside = Object.keys(room.files ?? {}).filter(
    (name) => !isOwn(name) && files.every((file) => file.name !== name),
  );
  const { free, total } = room.storage!;
  return new FlashError(
    `Not enough Storage: ${needed} bytes are needed, ${free} are free` +
      `${total === undefined ? "" : ` of ${total}`}; old versions and compact() do not help`,
    leaveOut(missing, files, needs) +
      (outside.length > 0 ? `It also holds ${outside.join(", ")}. ` : "") +
      `Erase what you do not need with ${STORAGE}.erase("name") or, everything, with ${STORAGE}.eraseAll(); ` +
      "or take a smaller bundle.",
  );
}

/** Which parts to do without: the smallest one that is enough, or as many as it takes, the largest first. */
function leaveOut(missing: number, files: BoardFile[], needs: Need[]): string {
  const parts = needs
    .map((need) => ({ ...need, file: files.find(({ name }) => name === `${MODULE}-${need.part}`) }))
    .flatMap(({ file, ...need }) => (file ? [{ ...need, size: sizeInFlash(file.data) }] : []))
    .sort((a, b) => b.size - a.size);
  if (parts.length === 0) return "";
  let out = parts.filter(({ size }) => size >= missing).slice(-1);
  if (out.length === 0) {
    let got = 0;
    out = parts.filter(({ size }) => {
      const isMissing = got < missing;
      got += size;
      return isMissing;
    });
  }
  const each = out.map(({ part, size, why }) => `${MODULE}-${part} (${size} bytes; ${why})`).join(" and ");
  const enough = sum(out.map(({ size }) => size)) >= missing;
  const flag = `--without ${out.map(({ part }) => part).join(",")}`;
  return enough
    ? `Leave out ${each}: change the application, or ${flag}. `
    : `Even without ${each} it would not fit: ${missing} bytes are missing. `;
}

/** @throws FlashError when the driver cannot connect in the RAM that is free */
export function checkMemory({ memory }: Room): void {
  if (memory && memory.free < MOST_VARS)
    throw new FlashError(
      `Not enough RAM: the driver takes up to ${MOST_VARS} jsVars until it is connected, ${memory.free} of ${memory.total} are free`,
      "Take a board with more RAM. What save() wrote takes some at each start: E.setBootCode() and reset(true) clear it.",
    );
}

/** What will be left of a board, for people, as far as the board tells. */
export function leftOf({ memory }: Room, { left, total }: Fit, written: number): string[] {
  const lines = [];
  if (left !== undefined)
    lines.push(`Storage: ${written} bytes are written, ${left}${total === undefined ? "" : ` of ${total}`} are left`);
  if (memory) lines.push(`RAM: some ${memory.free - CONNECTED_VARS} of ${memory.total} jsVars are left when connected`);
  return lines;
}

/** Erases, and compacts what that frees. @throws FlashError when it freed less than computed */
export async function makeRoom(session: Session, { erase }: Fit, files: BoardFile[]): Promise<void> {
  if (erase.length === 0) return;
  await eraseFiles(session, erase);
  await session.run(`${STORAGE}.compact()`, { timeout: SLOW });
  const room = await roomOf(session);
  const needed = sum(files.map((file) => sizeInFlash(file.data)));
  if (room.storage && room.storage.free < needed) throw notEnough(room, needed, needed - room.storage.free, files, []);
}

export async function eraseFiles(session: Session, names: string[]): Promise<void> {
  for (const name of names) await session.run(`${STORAGE}.erase(${quote(name)})`, { timeout: SLOW, retries: 1 });
}
