// One run of flashing, from a board that answers to the started application. The same for command line and page; what
// differs, how it is shown and how thoroughly it is compared, they pass in.
import { CONFIG_FILE, type Config } from "./config.js";
import { utf8 } from "./quote.js";
import type { Session } from "./session.js";
import { type BoardFile, makeRoom, type Progress, verifyBytes, verifyChecksum, writeFile } from "./storage.js";

/** The module's name in Storage, for `require`. */
export const MODULE = "M95";
/** Boot code that does not run after `reset()`, so that a board whose application is broken can still be reached. */
const BOOT_CODE = ".bootcde";
/** Boot code that does; it would take precedence. */
const BOOT_CODE_AFTER_RESET = ".bootrst";

/** What is to be on the board afterwards. */
export interface Plan {
  /** The bundle, as bytes in a binary string. */
  module: string;
  /** The application; without one the board's stays. */
  app?: string;
  /** Laid over what the board's m95.json says; empty leaves that alone. */
  config: Config;
  /** Compare every byte, or the checksum that the board computes. */
  compare: "bytes" | "checksum";
  /** Start the application afterwards. */
  start: boolean;
}

/** What the board says about itself. */
export interface BoardInfo {
  board: string;
  version: string;
}

/** How the run is shown. */
export interface Show {
  /** A connected board. */
  found(info: BoardInfo): void;
  /** A step begins; it may report its progress. */
  step(text: string): Progress;
}

/**
 * Flashes a board.
 * @param session - one that has had its prompt
 * @returns the files that were written
 * @throws FlashError, with advice
 */
export async function install(session: Session, plan: Plan, show: Show): Promise<BoardFile[]> {
  await session.prompt(false);
  // Frees the memory that the old application has, and stops its timers.
  await session.post("reset()");
  await session.prompt(false);
  const info = (await session.run("{board:process.env.BOARD,version:process.env.VERSION}", {
    retries: 3,
  })) as BoardInfo;
  show.found(info);

  const files = await filesOf(session, plan);
  show.step("Making room");
  await makeRoom(session, files);
  for (const file of files) await writeFile(session, file, show.step(`Writing ${file.name}`));
  for (const file of files) {
    const progress = show.step(`Comparing ${file.name}`);
    if (plan.compare === "bytes") await verifyBytes(session, file, progress);
    else await verifyChecksum(session, file);
    progress(file.data.length, file.data.length);
  }
  if (plan.start) {
    show.step("Starting");
    await session.post("load()");
  }
  return files;
}

/** The application comes last: an upload that is cut short must not leave it without its module. */
async function filesOf(session: Session, plan: Plan): Promise<BoardFile[]> {
  const files: BoardFile[] = [{ name: MODULE, data: plan.module }];
  if (Object.keys(plan.config).length > 0) {
    const old = await session.run(`require("Storage").readJSON("${CONFIG_FILE}",1)||{}`, { retries: 3 });
    files.push({ name: CONFIG_FILE, data: utf8(JSON.stringify({ ...(old as Config), ...plan.config })) });
  }
  if (plan.app !== undefined) {
    await session.run(`require("Storage").erase("${BOOT_CODE_AFTER_RESET}")`, { timeout: 60_000 });
    // As E.setBootCode does, which however wants all of the code in memory at once.
    files.push({ name: BOOT_CODE, data: plan.app });
  }
  return files;
}
