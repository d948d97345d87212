// The modem's commands that are not MQTT: settings, SIM and network, the PDP context, certificates, the clock.
import type { Modem } from "./modem.js";

/** XOR of 16-bit words, the first byte high. */
function sumOf(bytes: string): string {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum ^= (bytes.charCodeAt(i) << 8) | (bytes.charCodeAt(i + 1) || 0);
  return sum.toString(16);
}

const ADDRESS = "10.64.1.7";

export class System {
  registered = false;
  active = false;
  /** As AT+IPR has stored it; 0: it goes by what it hears. The line's rate does not follow. */
  rate: number;
  readonly files = new Map<string, string>();
  /** AT+QSSLCFG since it booted. */
  readonly ssl: string[] = [];
  /** All connections go down with the context. */
  onDown: (text: string) => void = () => {};
  private readonly modem: Modem;
  private clock = '"04/01/01,00:00:07+00"';

  constructor(modem: Modem) {
    this.modem = modem;
    this.rate = Math.round(10_000 / modem.wire.byteTime);
    modem.carriers.push((text, name, form, values) => this.carry(text, name, form, values));
    modem.onBoot.push(() => {
      this.registered = this.active = false;
      this.ssl.length = 0;
      for (const name of [...this.files.keys()]) if (name.startsWith("RAM:")) this.files.delete(name);
    });
  }

  private carry(text: string, name: string, form: string, values: string[]): boolean {
    const { modem } = this;
    const answers: { [name: string]: string } = {
      "+IPR?": `+IPR: ${this.rate}`,
      "+CPIN?": "+CPIN: READY",
      "+CREG?": "+CREG: 0,1",
      "+CGREG?": "+CGREG: 0,1",
      "+CGATT?": "+CGATT: 1",
      "+CFUN?": "+CFUN: 1",
      "+CSQ": "+CSQ: 21,0",
      "+COPS?": '+COPS: 0,0,"net"',
      "+CCLK?": `+CCLK: ${this.clock}`,
      "+QLTS": '+QLTS: "26/01/20,12:00:00+00,0"',
    };
    const answer = answers[name + form];
    if (answer !== undefined) modem.answer([answer]);
    else if (/^(E[01]|V1|&W|\+CMEE|\+IFC|\+IPR|\+QIFGCNT|\+QICSGP)?$/.test(name)) this.set(text, name);
    else if (name === "+CFUN") {
      if (values[0] === "0") this.down(text);
      modem.answer([]);
    } else if (name.startsWith("+QI")) this.context(text, name);
    else if (name.startsWith("+QS")) this.certificate(name, form, values);
    else if (name === "+CCLK") {
      this.clock = `"${values[0]}"`;
      modem.answer([]);
    } else if (name === "+QPOWD") {
      this.down(text);
      modem.answer([], "NORMAL POWER DOWN");
    } else return false;
    return true;
  }

  private set(text: string, name: string): void {
    const { modem } = this;
    if (name === "E0") modem.echo = false;
    if (name === "E1") modem.echo = true;
    if (name === "+IPR") this.rate = Number.parseInt(text.slice(7), 10);
    if (/&W$/i.test(text)) modem.savedEcho = modem.echo;
    modem.answer([]);
  }

  private down(text: string): void {
    this.active = this.registered = false;
    this.modem.watcher.torn(-1, text);
    this.onDown(text);
  }

  private context(text: string, name: string): void {
    const { modem } = this;
    if (name === "+QIREGAPP") {
      modem.answer([], this.registered ? "ERROR" : "OK");
      this.registered = true;
    } else if (name === "+QIACT") {
      modem.answer([], this.active ? "ERROR" : "OK");
      this.active = true;
    } else if (name === "+QIDEACT") {
      this.down(text);
      modem.answer([], "DEACT OK");
    } else if (name === "+QILOCIP") modem.answer([], this.active ? ADDRESS : "ERROR");
    else modem.answer([], "ERROR");
  }

  private certificate(name: string, form: string, values: string[]): void {
    const { modem } = this;
    const file = values[0] ?? "";
    const known = this.files.get(file);
    if (form !== "=") modem.answer([], "ERROR");
    else if (name === "+QSSLCFG") {
      this.ssl.push(values.join());
      modem.answer([]);
    } else if (name === "+QSECREAD") {
      if (known === undefined) modem.answer([], "+CME ERROR: 22");
      else modem.answer([`+QSECREAD: 1,${sumOf(known)}`]);
    } else if (name === "+QSECDEL") {
      modem.answer([], this.files.delete(file) ? "OK" : "+CME ERROR: 22");
    } else if (name === "+QSECWRITE" && known === undefined) {
      modem.ask("\r\nCONNECT\r\n", {
        size: Number(values[1]),
        echoed: false,
        taken: (data) => {
          this.files.set(file, data);
          modem.answer([`+QSECWRITE: ${data.length},${sumOf(data)}`]);
        },
      });
    } else modem.answer([], "ERROR");
  }
}
