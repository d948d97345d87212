// Boards that are known to fit: which serial port and which pins to use for an M95. Data only; it drives no pin.
// The pins are proposals, checked against Espruino's board files and pin tables (`boards/<NAME>.py`, `boards/pins/*.csv`)
// and not tried on hardware. Not used anywhere: pins of USB, LEDs, crystals, debugger (B3 and B4 included: they
// have pull resistors at reset, which would press a key), on-board devices, flash, and pins that move during boot.

/** One board. Pins are Espruino's names. */
export interface Board {
  /** Espruino's serial port. */
  port: string;
  /** 1 when Espruino uses this port as its console while no USB is connected: move the console before use. */
  console?: 1;
  /** To the modem's RXD. */
  tx: string;
  /** From the modem's TXD. */
  rx: string;
  /** To the modem's RTS: Espruino's `cts` option, an output that any pin can be. */
  cts: string;
  /** To PWRKEY, through a transistor. */
  pwrkey: string;
  /** From STATUS. */
  status: string;
  /** To EMERG_OFF, through a transistor. */
  emergOff: string;
  /** To the switch of the supply. */
  supply: string;
  /** For sleep, and not touched without; where pins are left for it. */
  dtr?: string;
  /** From RI; see `dtr`. */
  ri?: string;
  /** The same pins as Moddable numbers them; `port` is the UART. */
  moddable?: {
    port: number;
    transmit: number;
    receive: number;
    pwrkey: number;
    status: number;
    emergOff: number;
    supply: number;
    dtr: number;
    ri: number;
  };
}

/** Known boards by name. All of them press PWRKEY with 1, through a transistor. */
export const boards: { [name: string]: Board } = {
  // ESP32.py: console D1/D3, LED D2, button D0, flash D6..D11; strapping pins 0, 2, 5, 12, 15. D34 can only be an input
  // and cannot feed current into the modem. WROVER modules keep D16 and D17 for their RAM: take other pins there.
  "esp32-devkitc": {
    port: "Serial3",
    tx: "D17",
    rx: "D16",
    cts: "D18",
    pwrkey: "D25",
    status: "D34",
    emergOff: "D26",
    supply: "D27",
    dtr: "D32",
    ri: "D35",
    moddable: { port: 2, transmit: 17, receive: 16, pwrkey: 25, status: 34, emergOff: 26, supply: 27, dtr: 32, ri: 35 },
  },
  // ESP32C3_IDF4.py: console on USB (D18/D19), LED D2, button D0, flash D11..D17; D2, D8 and D9 decide how the chip starts,
  // D20 and D21 are the boot loader's. The pin matrix takes any pin for a UART.
  "esp32-c3": {
    port: "Serial2",
    tx: "D6",
    rx: "D7",
    cts: "D5",
    pwrkey: "D10",
    status: "D4",
    emergOff: "D3",
    supply: "D1",
  },
  // ESP32S3_IDF4.py: console on USB (D19/D20), LED D2, button D0, D43 and D44 the boot loader's; D0, D3, D45 and D46 decide how
  // the chip starts, D26..D37 are flash and RAM. D1..D14 are low for an instant at power-up, which presses nothing.
  "esp32-s3": {
    port: "Serial2",
    tx: "D17",
    rx: "D18",
    cts: "D8",
    pwrkey: "D4",
    status: "D5",
    emergOff: "D6",
    supply: "D7",
    dtr: "D15",
    ri: "D16",
  },
  // PICO_R1_3.py: console B6/B7 without USB, LEDs B2 B12, button C13, USB A9 A11 A12, charge B0. A1..A3 are narrow pads.
  "espruino-pico": {
    port: "Serial2",
    tx: "A2",
    rx: "A3",
    cts: "A1",
    pwrkey: "B15",
    status: "B14",
    emergOff: "B13",
    supply: "B10",
    dtr: "B1",
    ri: "A7",
  },
  // ESPRUINOWIFI.py: Serial2 (A2/A3) is the on-board ESP8266 with A13..A15, LEDs B2 B12, button C13, USB A9 A11 A12.
  // The only UART left is the console's fallback.
  "espruino-wifi": {
    port: "Serial1",
    console: 1,
    tx: "B6",
    rx: "B7",
    cts: "B8",
    pwrkey: "B15",
    status: "B14",
    emergOff: "B13",
    supply: "B10",
    dtr: "B1",
    ri: "A7",
  },
  // STM32F4DISCOVERY.py: console Serial2 (A2/A3), USB A9..A12 C0, audio A4 B6 B9 C7 C10 C12 D4, microphone B10 C3,
  // motion sensor A5..A7 E0 E1 E3, LEDs D12..D15, button A0.
  "stm32f4-discovery": {
    port: "Serial3",
    tx: "D8",
    rx: "D9",
    cts: "D10",
    pwrkey: "B15",
    status: "B14",
    emergOff: "B13",
    supply: "B12",
    dtr: "B11",
    ri: "D11",
  },
  // NUCLEOF401RE.py: console Serial2 (A2/A3), LED A5, button C13. On the Arduino headers: D8 D2 D11, D7 D9 D6 D10.
  "nucleo-f401re": {
    port: "Serial1",
    tx: "A9",
    rx: "A10",
    cts: "A7",
    pwrkey: "A8",
    status: "C7",
    emergOff: "B10",
    supply: "B6",
    dtr: "B5",
    ri: "A6",
  },
  // NUCLEOF411RE.py: as the F401RE.
  "nucleo-f411re": {
    port: "Serial1",
    tx: "A9",
    rx: "A10",
    cts: "A7",
    pwrkey: "A8",
    status: "C7",
    emergOff: "B10",
    supply: "B6",
    dtr: "B5",
    ri: "A6",
  },
  // RP2040_PICO.py: console D0/D1 without USB, LED D25; D23, D24 and D29 are on no connector. All pins are pulled low at reset.
  "raspberry-pi-pico": {
    port: "Serial2",
    tx: "D4",
    rx: "D5",
    cts: "D6",
    pwrkey: "D7",
    status: "D8",
    emergOff: "D9",
    supply: "D10",
    dtr: "D11",
    ri: "D12",
  },
};
