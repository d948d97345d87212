// Cuts what a host sends into what can be answered: command lines, and the data behind a prompt. It answers nothing.

/** A command line, or data behind a prompt. */
export interface Unit {
  kind: "command" | "data";
  /** Without what stands in front of `AT`, and without its end. */
  text: string;
}

const PROMPT = /(^|[\r\n])> ?$/;
const UPLOAD = /^AT\+QSECWRITE="[^"]*",(\d+)/i;
const LENGTH = /^AT\+QMTPUB=\d+,\d+,\d,[01],"[^"]*",(\d+)$/i;

/** One side's view of a line: fed with both directions, it gives the units of the host. */
export class Units {
  #text = "";
  /** Data is expected: until Ctrl+Z or ESC (0), or so many bytes. */
  #data: number | undefined;
  #last = "";
  #heard = "";

  /** Bytes of the host; the units that are complete with them. */
  host(bytes: string): Unit[] {
    const units: Unit[] = [];
    for (const char of bytes) {
      const unit = this.#data === undefined ? this.#command(char) : this.#dataByte(char);
      if (unit) units.push(unit);
    }
    return units;
  }

  /** Bytes of the modem: a prompt among them makes data of what the host sends next. */
  modem(bytes: string): void {
    this.#heard = (this.#heard + bytes).slice(-20);
    if (PROMPT.test(this.#heard)) this.#data = Number(LENGTH.exec(this.#last)?.[1] ?? 0);
    else if (/[\r\n]CONNECT\r?\n?$/.test(this.#heard)) this.#data = Number(UPLOAD.exec(this.#last)?.[1] ?? 0);
    else return;
    this.#heard = this.#text = "";
  }

  #command(char: string): Unit | undefined {
    if (char !== "\r") {
      if (this.#text.length < 70_000) this.#text += char;
      return undefined;
    }
    const start = this.#text.search(/at/i);
    const text = start < 0 ? "" : this.#text.slice(start);
    this.#text = "";
    if (start < 0) return undefined;
    this.#last = text;
    this.#heard = "";
    return { kind: "command", text };
  }

  #dataByte(char: string): Unit | undefined {
    this.#text += char;
    const { length } = this.#text;
    if (this.#data ? length < this.#data : char !== "\x1a" && char !== "\x1b") return undefined;
    const unit: Unit = { kind: "data", text: this.#text };
    this.#text = "";
    this.#data = undefined;
    return unit;
  }
}
