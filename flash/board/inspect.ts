// What a board says of itself: firmware, Storage, memory and its application. A question that it does not answer is left open; nothing
// is changed on the board.
import { FlashError } from "./errors.js";
import { chunks, quote } from "./quote.js";
import type { Session } from "./session.js";

/** What the board says about itself. */
export interface BoardInfo {
  board: string;
  version: string;
}

/** What is known of a board's room. A field that is missing was not answered. */
export interface Room {
  /** Bytes of Storage, of them free, and those that compacting frees. */
  storage?: { total?: number; free: number; trash?: number } | undefined;
  /** Files in Storage and their lengths. */
  files?: { [name: string]: number } | undefined;
  /** jsVars there are and that are free, and the bytes of one. */
  memory?: { total: number; free: number; block: number } | undefined;
  /** Bytes of a page of the flash that Storage is in. */
  page?: number | undefined;
}

/** Bytes per reading: what the board sends needs no room in its receive buffer. */
export const READ = 768;

const STORAGE = 'require("Storage")';

const ROOM = {
  storage: `(function(s){var t=s.getStats?s.getStats():{};return{total:t.totalBytes,free:s.getFree(),trash:t.trashBytes}})(${STORAGE})`,
  files: `(function(s,o){s.list().forEach(function(f){o[f]=s.read(f).length});return o})(${STORAGE},{})`,
  memory: "(function(m){return{total:m.total,free:m.free,block:m.blocksize}})(process.memory())",
  page: `require("Flash").getPage(E.getAddressOf(${STORAGE}.read(${STORAGE}.list()[0]),true)).length`,
};

/** Asks one question. @returns undefined for a board that cannot answer it */
async function ask<T>(session: Session, question: string): Promise<T | undefined> {
  try {
    return ((await session.run(question, { retries: 2 })) ?? undefined) as T | undefined;
  } catch (error) {
    if (error instanceof FlashError) return undefined;
    throw error;
  }
}

/** How much room a board has, as far as it tells. */
export async function roomOf(session: Session): Promise<Room> {
  const { storage, files, memory, page } = {
    storage: await ask<Room["storage"]>(session, ROOM.storage),
    files: await ask<Room["files"]>(session, ROOM.files),
    memory: await ask<Room["memory"]>(session, ROOM.memory),
    page: await ask<number>(session, ROOM.page),
  };
  const isNumber = (value: unknown) => typeof value === "number";
  return {
    storage: storage && isNumber(storage.free) ? storage : undefined,
    files: files && Object.values(files).every(isNumber) ? files : undefined,
    memory: memory && isNumber(memory.total) && isNumber(memory.free) ? memory : undefined,
    page: isNumber(page) && page! > 0 ? page : undefined,
  };
}

/** What a board is, and what its application's settings are. @throws FlashError when it does not say */
export async function introduction(session: Session): Promise<BoardInfo & { settings: object }> {
  const info = (await session.run("{board:process.env.BOARD,version:process.env.VERSION}", {
    retries: 3,
  })) as BoardInfo;
  const settings = await ask<object>(session, `${STORAGE}.readJSON("m95.json",1)||{}`);
  return { ...info, settings: settings ?? {} };
}

/** What a file in Storage holds, or nothing when there is none. */
export async function contentOf(session: Session, name: string): Promise<string | undefined> {
  const file = `${STORAGE}.read(${quote(name)}`;
  const length = await ask<number>(session, `(function(s){return s?s.length:-1})(${file}))`);
  if (length === undefined || length < 0) return undefined;
  let content = "";
  for (const { offset, data } of chunks(" ".repeat(length), READ))
    content += atob((await session.run(`btoa(${file},${offset},${data.length}))`, { retries: 3 })) as string);
  return content;
}
