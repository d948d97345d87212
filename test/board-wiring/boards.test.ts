// The board table against itself and against the manual's tables. What Espruino's board files say is copied here once.

import { readFileSync } from "node:fs";
import test from "ava";
import { type Board, boards } from "../../board-wiring/index.js";
import { testWith } from "../support/test-with.js";

interface BoardFiles {
  BOARD_FILES: { [name: string]: string };
  boardFolder(): string | undefined;
  boardFile(name: string): { storage: number; vars: number; taken: string[]; uarts: { [pin: string]: string[] } };
}

const { BOARD_FILES, boardFolder, boardFile } = (await import(
  new URL("../../../scripts/espruino/board-files.mjs", import.meta.url).href
)) as BoardFiles;

/** Pins in the table's order, without what is only there for one runtime. */
const PINS = ["tx", "rx", "cts", "pwrkey", "status", "emergOff", "supply", "dtr", "ri"] as const;

/** From Espruino's board files: pins with an edge connection, pins in use on the board, and the console's port. */
const facts: { [name: string]: { header: string; taken: string; console: string } } = {
  "esp32-devkitc": {
    header:
      "D23 D22 D1 D3 D21 D20 D19 D18 D5 D17 D16 D4 D0 D12 D14 D27 D26 D25 D33 D32 D35 D34 D39 D36 D13 D9 D10 D11 D6 D7 D8 D15 D2",
    // LED, button, console, flash, and the pins that set how the chip starts.
    taken: "D2 D0 D1 D3 D6 D7 D8 D9 D10 D11 D5 D12 D15 D20",
    console: "Serial1",
  },
  "esp32-c3": {
    // Of Espressif's DevKitM-1: the picture in Espruino's file is that of another board.
    header: "D0 D1 D2 D3 D4 D5 D6 D7 D8 D9 D10 D18 D19 D20 D21",
    taken: "D2 D0 D8 D9 D11 D12 D13 D14 D15 D16 D17 D18 D19 D20 D21",
    console: "Serial1",
  },
  "esp32-s3": {
    // Of Espressif's DevKitC-1: the picture in Espruino's file is that of another board.
    header:
      "D4 D5 D6 D7 D15 D16 D17 D18 D8 D3 D46 D9 D10 D11 D12 D13 D14 D43 D44 D1 D2 D42 D41 D40 D39 D38 D37 D36 D35 D0 D45 D48 D47 D21 D20 D19",
    taken: "D2 D0 D3 D45 D46 D19 D20 D43 D44 D35 D36 D37 D38 D48",
    console: "Serial1",
  },
  "espruino-pico": {
    header: "B15 B14 B13 B10 B1 A7 A6 A5 B3 B4 B5 B6 B7 A8 A4 A3 A2 A1 A0 A10 B9 B8",
    taken: "H0 H1 C14 C15 C13 B2 B12 B0 A9 A11 A12 A13 A14 A15 B3 B4",
    console: "Serial1",
  },
  "espruino-wifi": {
    header: "B15 B14 B13 B10 B1 A7 A6 A5 A4 A1 A0 B3 B4 B5 B6 B7 B8 B9 B0 A10 A8",
    taken: "H0 H1 C14 C15 C13 B2 B12 A9 A11 A12 A13 A14 A15 A2 A3 B3 B4",
    console: "Serial1",
  },
  "stm32f4-discovery": {
    header:
      "C1 C3 A1 A3 A5 A7 C5 B1 E7 E9 E11 E13 E15 B11 B13 B15 D9 D11 D13 D15 C0 C2 A0 A2 A4 A6 C4 B0 B2 E8 E10 E12 E14 B10 B12 B14 D8 D10 D12 D14 H0 C14 E6 E4 E2 E0 B8 B6 B4 D7 D5 D3 D1 C12 C10 A14 A10 A8 C8 C6 H1 C15 C13 E5 E3 E1 B9 B7 B5 B3 D6 D4 D2 D0 C11 A15 A13 A9 C9 C7",
    taken:
      "H0 H1 C14 C15 D13 D12 D14 D15 A0 C0 A11 A12 A9 A10 E3 E0 E1 A7 A6 A5 C3 B10 B9 B6 C7 C10 C12 A4 D4 A13 A14 A15 B3 B4 A2 A3",
    console: "Serial2",
  },
};
facts["raspberry-pi-pico"] = {
  header: "D28 D27 D26 D22 D21 D20 D19 D18 D17 D16 D0 D1 D2 D3 D4 D5 D6 D7 D8 D9 D10 D11 D12 D13 D14 D15",
  taken: "D0 D1 D23 D24 D25 D29",
  console: "Serial1",
};
const nucleo = {
  header:
    "C10 C12 A13 A14 A15 B7 C13 C14 C15 H0 H1 C2 C3 C11 D2 A0 A1 A4 B0 C1 C0 C9 B8 B9 A5 A6 A7 B6 C7 A9 A8 B10 B4 B5 B3 A10 A2 A3 C8 C6 C5 A12 A11 B12 B2 B1 B15 B14 B13 C4",
  taken: "H0 H1 C14 C15 A5 C13 A13 A14 A15 B3 B4 A2 A3",
  console: "Serial2",
};
facts["nucleo-f401re"] = nucleo;
facts["nucleo-f411re"] = nucleo;

/** Pin pairs that reach a UART, from Espruino's pin tables. The pin matrix of an ESP32 takes any. */
const uarts: { [port: string]: string[] } = {
  Serial1: ["A9/A10", "B6/B7"],
  Serial2: ["A2/A3", "D6/D7", "D17/D18", "D4/D5"],
  Serial3: ["D8/D9", "D17/D16"],
};

const all = Object.entries(boards);

test("the boards that the manual promises are there", (t) => {
  t.deepEqual(Object.keys(boards).sort(), Object.keys(facts).sort());
});

for (const [name, board] of all) {
  test(`${name}: no pin is used twice`, (t) => {
    const pins = PINS.map((pin) => board[pin]).filter(Boolean);
    t.is(new Set(pins).size, pins.length);
  });

  test(`${name}: every pin is on a connector and not in use on the board`, (t) => {
    const header = facts[name]!.header.split(" ");
    const taken = facts[name]!.taken.split(" ");
    for (const pin of PINS) {
      const name = board[pin];
      if (name === undefined) continue;
      t.true(header.includes(name), `${pin} ${name} is on no connector`);
      t.false(taken.includes(name), `${pin} ${name} is taken`);
    }
  });

  test(`${name}: tx and rx belong to the port, and the console's port is marked`, (t) => {
    t.true(uarts[board.port]!.includes(`${board.tx}/${board.rx}`));
    t.is(board.console === 1, board.port === facts[name]!.console);
  });
}

/** Boards of which Espruino's files name the pins of each UART. The C3's has none for a second one. */
const NAMED_UARTS = ["esp32-devkitc", "esp32-s3", "raspberry-pi-pico"];

testWith("ESPRUINO")("Espruino's own board files have the boards, and take none of the pins", (t) => {
  if (!boardFolder()) {
    t.pass("the binary does not stand in Espruino's sources");
    return;
  }
  t.deepEqual(Object.keys(BOARD_FILES).sort(), Object.keys(boards).sort());
  for (const [name, board] of all) {
    const { storage, vars, taken, uarts } = boardFile(name);
    t.true(storage >= 49_152 && vars >= 4095, name);
    t.true(taken.length > 0, name);
    for (const pin of PINS) t.false(taken.includes(String(board[pin])), `${name}: ${pin} ${board[pin]}`);
    if (!NAMED_UARTS.includes(name)) continue;
    const usart = `USART${board.port.slice(-1)}`;
    t.true(uarts[board.tx]!.includes(`${usart}_TX`), name);
    t.true(uarts[board.rx]!.includes(`${usart}_RX`), name);
  }
});

test("ESP32: Moddable's numbers are the same pins, and the port is neither the console's nor another one", (t) => {
  const board = boards["esp32-devkitc"]!;
  const number = (pin: keyof Board) => Number(String(board[pin]).slice(1));
  t.deepEqual(board.moddable, {
    port: 2,
    transmit: number("tx"),
    receive: number("rx"),
    pwrkey: number("pwrkey"),
    status: number("status"),
    emergOff: number("emergOff"),
    supply: number("supply"),
    dtr: number("dtr"),
    ri: number("ri"),
  });
});

test("ESP32: pins that are written are not input-only", (t) => {
  for (const pin of PINS)
    if (!["status", "rx", "ri"].includes(pin)) t.true(Number(boards["esp32-devkitc"]![pin]!.slice(1)) < 34);
});

const manual = readFileSync("docs/wiring.md", "utf8");

/** The rows of the manual's tables whose first cell is a name in code style. */
const rows = manual
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  );

test("docs/wiring.md has the table of boards", (t) => {
  t.deepEqual(
    rows.filter((cells) => cells[0]! in boards),
    all.map(([name, board]) => [name, board.port, ...PINS.map((pin) => board[pin] ?? "")]),
  );
});

test("docs/wiring.md has Moddable's numbers", (t) => {
  const numbers = Object.entries(boards["esp32-devkitc"]!.moddable!).map(([pin, number]) => `${pin}: ${number}`);
  t.true(manual.includes(`{ ${numbers.join(", ")} }`));
});

test("docs/wiring.md has every time of the power switch, with its default", (t) => {
  const source = readFileSync("board-wiring/power-switch.ts", "utf8");
  const defaults = [...source.matchAll(/(\w+) \?\? (\d+)/g)].filter(([, name]) => name !== "pwrkeyPressed");
  const said = [...source.matchAll(/Default (\d+)\. \*\/\n {2}(\w+)\?: number/g)];
  const table = rows.filter(([, value]) => Number(value)).map(([name, value]) => `${name} ${value}`);
  t.is(defaults.length, 8);
  t.deepEqual(table.sort(), defaults.map(([, name, value]) => `${name} ${value}`).sort());
  t.deepEqual(table, said.map(([, value, name]) => `${name} ${value}`).sort());
});

test("a board on which an example does not fit says so in docs/espruino.md, too; the table has every board", (t) => {
  const table = readFileSync("docs/footprint.md", "utf8").split("<!-- boards -->")[1]!.split("<!-- /boards -->")[0]!;
  const lines = table.split("\n").filter((line) => line.startsWith("| `"));
  t.deepEqual(lines.map((line) => line.split("`")[1]).sort(), Object.keys(boards).sort());
  const page = readFileSync("docs/espruino.md", "utf8");
  const unfit = lines.filter((line) => line.includes("does not fit")).map((line) => line.split("`")[1]);
  for (const name of unfit) t.regex(page, new RegExp(`"${name}".*does not fit`), name);
  t.is(page.includes("All three examples fit on every board"), unfit.length === 0);
});
