// The look-up in scripts/testing/needs.mjs, with types: what tests need beside npm packages. It declares no tests.

export type Program = "mosquitto" | "socat" | "chromium";
export type Engine = "ESPRUINO" | "ESPRUINO_DOCS" | "MODDABLE" | "MQTTJS" | "RP2040_FIRMWARE" | "RP2040_BOOTROM";

interface Needs {
  lack(...needs: (Program | Engine)[]): { why: string; fatal: boolean } | undefined;
  engine(name: Engine): string | undefined;
  findProgram(name: string): string | undefined;
  searchPath: string;
}

export const { lack, engine, findProgram, searchPath } = (await import(
  new URL("../../../scripts/testing/needs.mjs", import.meta.url).href
)) as Needs;
