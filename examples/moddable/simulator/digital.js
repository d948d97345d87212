// A Digital for Linux, which has none: its pins are those of the virtual M95, over the text protocol of its control port on
// a second serial port. It has no modes, edges or interrupts.

import Serial from "embedded:io/serial";
import config from "mc/config";
import Timer from "timer";

const NAMES = ["pwrkey", "status", "emergoff", "supply", "dtr"];
const POLL = 50;

let control;

/** The line to the control port; `status` is asked for again and again. */
class Control {
  constructor() {
    this.status = 0;
    this.text = "";
    this.waiting = "";
    this.room = false;
    this.serial = new Serial({
      device: config.control,
      baud: 115200,
      onReadable: () => {
        this.text += String.fromArrayBuffer(this.serial.read());
        for (let end = this.text.indexOf("\n"); end >= 0; end = this.text.indexOf("\n")) {
          const line = this.text.slice(0, end);
          if (line.startsWith("error")) trace(`control: ${line}\n`);
          if (line.startsWith("ok ")) this.status = Number(line[3]);
          this.text = this.text.slice(end + 1);
        }
      },
      onWritable: () => {
        this.room = true;
        this.flush();
      },
    });
    this.timer = Timer.repeat(() => this.send("status"), POLL);
  }
  send(line) {
    this.waiting += `${line}\n`;
    if (this.room) this.flush();
  }
  flush() {
    if (!this.waiting) return;
    this.room = false;
    this.serial.write(ArrayBuffer.fromString(this.waiting));
    this.waiting = "";
  }
}

class Digital {
  static Input = 0;
  static InputPullUp = 1;
  static InputPullDown = 2;
  static Output = 8;
  static OutputOpenDrain = 9;
  #pin;
  #mode;
  #open = true;

  constructor(options) {
    if (!(options.pin in NAMES)) throw new RangeError("invalid pin");
    this.#pin = options.pin;
    this.#mode = options.mode;
    control ??= new Control();
    if (options.initialValue !== undefined) this.write(options.initialValue);
  }
  write(level) {
    if (!this.#open || this.#mode !== Digital.Output) throw new Error("not an output");
    control.send(`${NAMES[this.#pin]} ${level}`);
  }
  read() {
    if (!this.#open) throw new Error("closed");
    return control.status;
  }
  close() {
    this.#open = false;
  }
}

export default Digital;
