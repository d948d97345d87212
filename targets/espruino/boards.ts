// The pins of board-wiring's boards in Espruino's short form: flash is scarce, so a board is one line. A test keeps the
// two equal; the reasons for the pins stand in board-wiring/boards.ts.

/**
 * The pins of a board, by option name.
 * @param sleeps - those for sleep as well: without it the application may have them
 * @returns undefined for a board that is not known
 */
export function pinsOf<T>(
  board: string,
  toPin: (name: string) => T,
  sleeps: boolean,
): { [field: string]: T } | undefined {
  // In the function, as it then stays in flash.
  const nucleo = "A9 A10 A7 A8 C7 B10 B6 B5 A6";
  const lines: { [name: string]: string } = {
    "esp32-devkitc": "D17 D16 D18 D25 D34 D26 D27 D32 D35",
    "esp32-c3": "D6 D7 D5 D10 D4 D3 D1",
    "esp32-s3": "D17 D18 D8 D4 D5 D6 D7 D15 D16",
    "espruino-pico": "A2 A3 A1 B15 B14 B13 B10 B1 A7",
    "espruino-wifi": "B6 B7 B8 B15 B14 B13 B10 B1 A7",
    "stm32f4-discovery": "D8 D9 D10 B15 B14 B13 B12 B11 D11",
    "nucleo-f401re": nucleo,
    "nucleo-f411re": nucleo,
    "raspberry-pi-pico": "D4 D5 D6 D7 D8 D9 D10 D11 D12",
  };
  const line = typeof board === "string" ? lines[board] : undefined;
  // An object has more names than its own.
  if (typeof line !== "string") return undefined;
  const fields = ("tx rx cts pwrkey status emergOff supply" + (sleeps ? " dtr ri" : "")).split(" ");
  const pins: { [field: string]: T } = {};
  line.split(" ").forEach((name, i) => {
    if (fields[i]) pins[fields[i]!] = toPin(name);
  });
  return pins;
}
