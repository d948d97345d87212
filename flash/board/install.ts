// One run of flashing, from a board that answers to the started application. The same for command line and page; what
// differs, how it is shown and how thoroughly it is compared, they pass in.
import { CONFIG_FILE, type Config } from "./config.js";
import { type BoardInfo, contentOf, type Room, roomOf } from "./inspect.js";
import { filesOf, MODULE, type Need, needsOf, type Parts, type PartsList, readsTokens, wanted } from "./parts.js";
import { utf8 } from "./quote.js";
import { checkMemory, eraseFiles, fitOf, leftOf, makeRoom } from "./room.js";
import type { Session } from "./session.js";
import { type BoardFile, HEAD, type Progress, sizeInFlash, verifyBytes, verifyChecksum, writeFile } from "./storage.js";

export type { BoardInfo };

/** Boot code that does not run after `reset()`, so that a board whose application is broken can still be reached. */
const BOOT_CODE = ".bootcde";
/** Boot code that does; it would take precedence. */
const BOOT_CODE_AFTER_RESET = ".bootrst";

/** What is to be on the board afterwards. */
export interface Plan {
  /** The driver: one file, as bytes in a binary string, or parts to choose from. */
  module: string | Parts;
  /** The application; without one the board's stays. */
  app?: string;
  /** Other files for Storage, such as certificates. */
  files?: BoardFile[];
  /** Laid over what the board's m95.json says; empty leaves that alone. */
  config: Config;
  /** Compare every byte, or the checksum that the board computes. */
  compare: "bytes" | "checksum";
  /** Start the application afterwards. */
  start: boolean;
}

/** How the run is shown. */
export interface Show {
  /** A connected board. */
  found(info: BoardInfo): void;
  /** What will be done, before anything is. */
  say?(text: string): void;
  /** A step begins; it may report its progress. */
  step(text: string): Progress;
}

/**
 * Flashes a board.
 * @param session - one that has had its prompt
 * @returns the files that were written
 * @throws FlashError, with advice; nothing was erased or written when something does not fit
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

  const settings = await settingsOf(session, plan);
  const room = await roomOf(session);
  const { driver, needs } = await driverOf(session, plan, info.version, settings.config.board, room);
  const rest = [...settings.files, ...(plan.files ?? []), ...appOf(plan)];
  const files = [...driver, ...rest];
  const gone = plan.app === undefined ? [] : [BOOT_CODE_AFTER_RESET];
  const fitting = fitOf(room, { files, gone, needs });
  if (typeof plan.module !== "string") {
    checkMemory(room);
    show.say?.(
      needs.length === 0 ? "Parts: none" : `Parts: ${needs.map(({ part, why }) => `${part} (${why})`).join(", ")}`,
    );
    const written = files.reduce((sum, { data }) => sum + sizeInFlash(data), 0);
    for (const line of leftOf(room, fitting, written)) show.say?.(line);
  }

  show.step("Making room");
  await makeRoom(session, fitting, files);
  if (plan.app !== undefined) await eraseFiles(session, gone);
  // The application comes last: an upload that is cut short must not leave it without its module. When there was no room for that,
  // it comes first and says at start that there is no driver.
  for (const file of fitting.erase.length > 0 ? [...rest, ...driver] : files)
    await writeFile(session, file, show.step(`Writing ${file.name}`), file.name === MODULE ? HEAD : 0);
  for (const file of files) {
    const progress = show.step(`Comparing ${file.name}`);
    if (plan.compare === "bytes") await verifyBytes(session, file, progress);
    else await verifyChecksum(session, file);
    progress(file.data.length, file.data.length);
  }
  const stale = fitting.stale.filter((name) => !fitting.erase.includes(name));
  if (stale.length > 0) {
    show.step(`Erasing ${stale.join(", ")}`);
    await eraseFiles(session, stale);
  }
  if (plan.start) {
    show.step("Starting");
    await session.post("load()");
  }
  return files;
}

/** What m95.json will say, and the file, if it changes. */
async function settingsOf(session: Session, plan: Plan): Promise<{ config: Config; files: BoardFile[] }> {
  const changes = Object.keys(plan.config).length > 0;
  if (!changes && typeof plan.module === "string") return { config: {}, files: [] };
  const old = await session.run(`require("Storage").readJSON("${CONFIG_FILE}",1)||{}`, { retries: 3 });
  const config = { ...(old as Config), ...plan.config };
  return { config, files: changes ? [{ name: CONFIG_FILE, data: utf8(JSON.stringify(config)) }] : [] };
}

/** As E.setBootCode does, which however wants all of the code in memory at once. */
function appOf({ app }: Plan): BoardFile[] {
  return app === undefined ? [] : [{ name: BOOT_CODE, data: app }];
}

/** The driver's files, and why they are wanted. */
async function driverOf(
  session: Session,
  plan: Plan,
  version: string,
  board: string | undefined,
  { files }: Room,
): Promise<{ driver: BoardFile[]; needs: Need[] }> {
  const parts = plan.module;
  if (typeof parts === "string") return { driver: [{ name: MODULE, data: parts }], needs: [] };
  let app = plan.app;
  for (const name of app === undefined ? [BOOT_CODE, BOOT_CODE_AFTER_RESET] : []) {
    const code = await contentOf(session, name);
    if (code !== undefined) app = `${app ?? ""}\n${code}`;
  }
  const needs = app === undefined && parts.with?.length ? there(parts.list, files) : needsOf(parts.list, app, board);
  const all = wanted(parts, needs);
  return { driver: await filesOf(parts, all, readsTokens(String(version))), needs: all };
}

/** Who asks for one more part, without an application that could be read, keeps those that the board has. */
function there(list: PartsList, files: Room["files"] = {}): Need[] {
  const kept = list.files.filter(({ name }) => name !== MODULE && name in files);
  return kept.map(({ part }) => ({ part, why: "the board has it" }));
}
