// One Espruino process running one sketch: what it marks, and what it is told to do. It knows no modem.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { engine } from "../../../scripts/testing/needs.mjs";

const prelude = readFileSync(new URL("prelude.js", import.meta.url), "utf8");

const FLASH = "espruino.flash";

/** Lines kept for the report of a failure. */
const KEEP = 60;

export class Engine {
  /** What the sketch marked and nobody has taken yet. */
  #marks = [];
  #waiting = new Set();
  #lines = [];
  #child;
  #folder;
  #ended = false;
  #orders = 0;
  /** Called with name and value of each mark; true takes it. */
  onMark = () => false;
  /** Called with each other line. */
  onLine = () => {};

  /**
   * @param {string} code the sketch
   * @param {object} [config] what the sketch finds as `CONFIG`
   * @param {{ prelude?: boolean, flash?: Buffer }} [options] `flash` of an engine that ran before
   */
  constructor(code, config = {}, { prelude: withPrelude = true, flash } = {}) {
    // The process keeps its flash in a file of its working folder.
    this.#folder = mkdtempSync(path.join(os.tmpdir(), "espruino-"));
    const file = path.join(this.#folder, "sketch.js");
    writeFileSync(
      file,
      `const CONFIG = ${JSON.stringify(config)};\n${withPrelude ? prelude : ""}\n${code}\n`,
      "latin1",
    );
    if (flash) writeFileSync(path.join(this.#folder, FLASH), flash);
    // Its input stays open: at its end, Espruino reads it again and again and starves its serial ports.
    this.#child = spawn(engine("ESPRUINO"), [file], { cwd: this.#folder, stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stdin.on("error", () => {});
    for (const stream of [this.#child.stdout, this.#child.stderr])
      createInterface({ input: stream.setEncoding("latin1") }).on("line", (line) => this.#line(line));
    this.ended = new Promise((resolve) => {
      this.#child.on("error", (error) => this.#line(`did not start: ${error.message}`));
      this.#child.on("close", (code, signal) => {
        this.#ended = true;
        this.#line(`ended with ${signal ?? code}`);
        resolve(signal ?? code);
      });
    });
  }

  #line(line) {
    const at = line.indexOf("@@");
    if (at < 0) {
      this.#lines.push(line);
      this.onLine(line);
      if (this.#lines.length > KEEP) this.#lines.shift();
    } else {
      const [name, value] = JSON.parse(line.slice(at + 2));
      if (!this.onMark(name, value)) this.#marks.push([name, value]);
    }
    for (const look of this.#waiting) look();
  }

  /** The value of the next mark of this name; marks of other names stay. */
  async mark(name, limit = 20_000) {
    const take = () => {
      const at = this.#marks.findIndex(([one]) => one === name);
      return at < 0 ? undefined : this.#marks.splice(at, 1)[0];
    };
    return (await this.#until(`mark "${name}"`, take, limit))[1];
  }

  /** A line of its output that holds `text`. */
  line(text, limit = 20_000) {
    return this.#until(`"${text}"`, () => this.#lines.find((line) => line.includes(text)), limit);
  }

  #until(what, look, limit) {
    return new Promise((resolve, reject) => {
      const settle = (act, value) => {
        clearTimeout(timer);
        this.#waiting.delete(attempt);
        act(value);
      };
      const fail = (why) => settle(reject, new Error(`${what}: ${why}\n${this.report()}`));
      const attempt = () => {
        const found = look();
        if (found !== undefined) settle(resolve, found);
        else if (this.#ended) fail("the engine has ended");
      };
      const timer = setTimeout(() => fail(`not within ${limit} ms`), limit);
      this.#waiting.add(attempt);
      attempt();
    });
  }

  /** What its flash holds. */
  flash() {
    return readFileSync(path.join(this.#folder, FLASH));
  }

  /** What it said lately. */
  report() {
    const marks = this.#marks.map((one) => `@@${JSON.stringify(one)}`);
    return [...this.#lines, ...marks].map((line) => `      | ${line.slice(0, 200)}`).join("\n");
  }

  /**
   * Throws if it wrote of an error that nobody caught, or of a broken assertion of the engine.
   * @param {RegExp} [allowed] what may stand in such a line
   */
  checkQuiet(allowed) {
    const bad = this.#lines.filter((line) => /Uncaught|interpreter error|ASSERT|HALT/i.test(line));
    if (bad.some((line) => !allowed?.test(line))) throw new Error(`the engine complained\n${this.report()}`);
  }

  /** Has the sketch evaluate a statement; one after another, in the order of the calls. */
  tell(statement) {
    if (this.#ended) return;
    const file = path.join(this.#folder, `order${this.#orders++}`);
    // Renamed, so that it is never seen half written.
    writeFileSync(`${file}.new`, statement, "latin1");
    renameSync(`${file}.new`, file);
  }

  async stop() {
    if (!this.#ended) this.#child.kill("SIGKILL");
    await this.ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
