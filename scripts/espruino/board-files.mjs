// What Espruino's own board files say of the boards that we know: size of Storage, jsVars, pins in use. They stand in Espruino's
// sources, which are found by the binary that ESPRUINO names; nothing of them is kept here.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { engine } from "../testing/needs.mjs";

/** Board files by the names of board-wiring, in the table's order. */
export const BOARD_FILES = {
  "esp32-devkitc": "ESP32",
  "esp32-c3": "ESP32C3_IDF4",
  "esp32-s3": "ESP32S3_IDF4",
  "espruino-pico": "PICO_R1_3",
  "espruino-wifi": "ESPRUINOWIFI",
  "stm32f4-discovery": "STM32F4DISCOVERY",
  "nucleo-f401re": "NUCLEOF401RE",
  "nucleo-f411re": "NUCLEOF411RE",
  "raspberry-pi-pico": "RP2040_PICO",
};

/** Chips whose file says nothing of Storage: scripts/build_platform_config.py then takes two pages of this size. */
const STM32F4_PAGE = 131_072;

/** The folder of board files, or nothing: a binary can stand anywhere. */
export function boardFolder() {
  const binary = engine("ESPRUINO");
  const folder = binary && path.join(path.dirname(binary), "../boards");
  return folder && existsSync(folder) ? folder : undefined;
}

/**
 * @param {keyof typeof BOARD_FILES} name
 * @returns {{ storage: number, vars: number, taken: string[], uarts: { [pin: string]: string[] } }} bytes of Storage; jsVars; pins of
 * devices on the board; and what UARTs each pin can be, where the file says so ("USART2_TX")
 */
export function boardFile(name) {
  const text = readFileSync(path.join(boardFolder(), `${BOARD_FILES[name]}.py`), "utf8").replace(/^\s*#.*$/gm, "");
  const number = (key) => Number(new RegExp(`["']${key}["']\\s*:\\s*(\\d+)`).exec(text)?.[1]);
  const devices = /^devices\s*=\s*\{([\s\S]*?)^\}/m.exec(text)[1];
  const uarts = {};
  for (const [, pin, uart] of text.matchAll(/"PD(\d+)".*"(USART\d_[RT]X)"/g)) {
    uarts[`D${pin}`] ??= [];
    uarts[`D${pin}`].push(uart);
  }
  return {
    storage: (number("page_size") || STM32F4_PAGE) * (number("pages") || 2),
    vars: number("variables"),
    taken: [...devices.matchAll(/["']pin\w*["']\s*:\s*["']([A-Z]\d+)["']/g)].map(([, pin]) => pin),
    uarts,
  };
}
