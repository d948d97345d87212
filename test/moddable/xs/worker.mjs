// One XS engine (xsnap-worker) as a child: scripts in, their questions answered. It speaks the worker's protocol of netstrings
// itself, because @agoric/xsnap freezes the built-ins of its own process, in which a virtual M95 runs here.

import { spawn } from "node:child_process";
import { xsBinary } from "../../../scripts/testing/xs-engine.mjs";

/** What stands behind a message's first byte. */
const [OK, ERROR, QUERY] = [".", "!", "?"].map((mark) => mark.charCodeAt(0));
/** Between the meter of an answer and the rest. */
const SEPARATOR = 1;

export class XsWorker {
  #child;
  #answer;
  #pending = Buffer.alloc(0);
  #settle = () => {};

  /** @param {(question: Buffer) => Buffer} answer gets what the script says with `issueCommand`, at once */
  constructor(answer) {
    this.#answer = answer;
    this.#child = spawn(xsBinary, ["m95-mqtt"], {
      stdio: ["ignore", "inherit", "inherit", "pipe", "pipe", "ignore", "ignore", "ignore", "ignore"],
    });
    this.#child.stdio[3].on("error", () => {});
    this.#child.stdio[4].on("data", (data) => this.#read(data));
    this.#child.on("exit", (code, signal) => this.#settle(new Error(`XS ended: ${signal ?? code}`)));
    this.#child.on("error", (error) => this.#settle(error));
  }

  /** Runs a script to its end; resolves with the meter, in which `currentHeapCount` is the slots in use. */
  evaluate(script) {
    return this.#ask(`e${script}`);
  }

  /** Writes a snapshot of the machine to a file. */
  snapshot(file) {
    return this.#ask(`w${file}`);
  }

  close() {
    this.#settle = () => {};
    this.#child.kill();
  }

  #ask(message) {
    return new Promise((resolve, reject) => {
      this.#settle = (error, meter) => (error ? reject(error) : resolve(meter));
      this.#send(Buffer.from(message));
    });
  }

  #send(message) {
    this.#child.stdio[3].write(Buffer.concat([Buffer.from(`${message.length}:`), message, Buffer.from(",")]));
  }

  #read(data) {
    this.#pending = Buffer.concat([this.#pending, data]);
    for (;;) {
      const colon = this.#pending.indexOf(":");
      const length = Number(this.#pending.toString("latin1", 0, Math.max(0, colon)));
      if (colon < 0 || this.#pending.length < colon + length + 2) return;
      const message = this.#pending.subarray(colon + 1, colon + 1 + length);
      this.#pending = this.#pending.subarray(colon + length + 2);
      this.#take(message);
    }
  }

  #take(message) {
    if (message[0] === QUERY) this.#send(Buffer.concat([Buffer.from("/"), this.#answer(message.subarray(1))]));
    else if (message[0] === OK) {
      const end = message.indexOf(SEPARATOR, 1);
      this.#settle(undefined, end < 0 ? {} : JSON.parse(message.toString("utf8", 1, end)));
    } else if (message[0] === ERROR) this.#settle(new Error(message.toString("utf8", 1)));
  }
}
