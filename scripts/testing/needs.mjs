// What tests and measurements need beside npm packages: programs of the system, and engines that variables name. It looks
// where they are, installs nothing and starts nothing.

import { accessSync, constants, existsSync } from "node:fs";
import path from "node:path";

/** Programs, by the Debian package that has them. CI installs them all. */
const PROGRAMS = {
  mosquitto: { programs: ["mosquitto"], install: "mosquitto" },
  socat: { programs: ["socat"], install: "socat" },
  chromium: { programs: ["chromium"], install: "chromium" },
  compiler: { programs: ["cc", "make"], install: "build-essential" },
  valgrind: { programs: ["valgrind"], install: "valgrind" },
  xvfb: { programs: ["Xvfb"], install: "xvfb" },
};

/** Engines, firmware and sources, by the variables that name them; docs/engines.md says more. CI has none of them. */
const ENGINES = {
  ESPRUINO: "an Espruino Linux binary",
  ESPRUINO_DOCS: "a folder with EspruinoDocs",
  MODDABLE: "a Moddable SDK whose tools and simulator are built",
  MQTTJS: "a folder with the sources of MQTT.js",
  RP2040_FIRMWARE: "an Espruino firmware image for the Raspberry Pi Pico",
  RP2040_BOOTROM: "the boot ROM of the RP2040",
};

/** The search path for programs. Debian keeps mosquitto where an ordinary user's does not reach. */
export const searchPath = [process.env.PATH, "/usr/sbin", "/usr/local/sbin"].join(path.delimiter);

/** Where a program is, or nothing. */
export function findProgram(name) {
  const isExecutable = (file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  };
  return searchPath
    .split(path.delimiter)
    .map((folder) => path.join(folder, name))
    .find(isExecutable);
}

/**
 * The absolute path of what a variable names, or nothing when it is not set. Relative paths are taken from where npm was called.
 * @param {keyof typeof ENGINES} name
 * @throws when it is set and there is nothing
 */
export function engine(name) {
  if (!(name in ENGINES)) throw new Error(`${name} names no engine`);
  const value = process.env[name];
  if (!value) return undefined;
  const file = path.resolve(process.env.INIT_CWD ?? ".", value);
  if (!existsSync(file)) throw new Error(`${name} is ${value}, and there is no ${file}`);
  return file;
}

/** The variables that are set, with absolute paths: for programs that are started in another folder. */
export function engines() {
  const set = Object.keys(ENGINES).filter((name) => process.env[name]);
  return Object.fromEntries(set.map((name) => [name, engine(name)]));
}

/** Why something cannot run here, and what to do; nothing when all it needs is there. Engines come first. */
function lackOf(needs) {
  for (const need of needs) if (need in ENGINES && !engine(need)) return `set ${need} to ${ENGINES[need]}`;
  for (const need of needs) {
    const missing = PROGRAMS[need]?.programs.find((program) => !findProgram(program));
    if (missing) return `apt-get install ${PROGRAMS[need].install}`;
  }
  return undefined;
}

/**
 * What stands in the way of a test.
 * @param {(keyof typeof PROGRAMS | keyof typeof ENGINES)[]} needs
 * @returns {{ why: string, fatal: boolean } | undefined} fatal: CI has to have it
 */
export function lack(...needs) {
  for (const need of needs) if (!(need in ENGINES) && !(need in PROGRAMS)) throw new Error(`nobody knows ${need}`);
  const why = lackOf(needs);
  if (!why) return undefined;
  return { why, fatal: Boolean(process.env.CI) && lackOf(needs.filter((need) => need in ENGINES)) === undefined };
}
