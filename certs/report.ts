// What m95-certs prints for people: colour on a terminal, plain text in a pipe.

import picocolors from "picocolors";
import { harmless } from "../terminal/harmless.js";
import type { FileFacts, Finding } from "./inspect.js";

const names = { ca: "CA", cert: "client certificate", key: "private key", server: "broker" };

export class Report {
  #colours = picocolors.createColors(coloured());

  files(files: FileFacts[]): void {
    for (const { role, file, bytes, checksum, certificates, key } of files) {
      console.log(`${this.#colours.bold(names[role])}  ${harmless(file)}`);
      if (role !== "server") this.#row("size", `${bytes} bytes, the modem's checksum ${checksum}`);
      if (key !== undefined) this.#row("key", key);
      for (const one of certificates ?? []) {
        this.#row("subject", one.subject);
        this.#row("issuer", one.subject === one.issuer ? "itself" : one.issuer);
        this.#row("valid", `${one.notBefore.slice(0, 10)} to ${one.notAfter.slice(0, 10)}`);
        this.#row("key", `${one.key}, signed with ${one.signature}`);
      }
      console.log("");
    }
  }

  findings(findings: Finding[]): void {
    const { red, yellow, dim } = this.#colours;
    const marks = { problem: red("✘"), warning: yellow("!"), note: dim("·") };
    for (const level of ["problem", "warning", "note"] as const) {
      for (const one of findings) {
        if (one.level !== level) continue;
        const where = one.role === "set" || one.role === "broker" ? "" : `${names[one.role]}: `;
        console.log(`${marks[level]} ${where}${harmless(one.text)}`);
      }
    }
    if (findings.length > 0) console.log("");
  }

  written(files: { file: string; bytes: number; checksum?: string }[], usage?: string): void {
    if (files.length === 0) {
      console.log("Nothing was written.");
      return;
    }
    for (const { file, bytes, checksum } of files) {
      console.log(
        `${this.#colours.green("✔")} ${harmless(file)}  ${bytes} bytes${checksum === undefined ? "" : `, checksum ${checksum}`}`,
      );
    }
    if (usage !== undefined) console.log(`\n  ${harmless(usage)}\n`);
  }

  verdict(findings: Finding[], securityLevel: number): void {
    const { green, red } = this.#colours;
    const problems = findings.filter(({ level }) => level === "problem").length;
    if (problems === 0) console.log(green(`No problem found; good for securityLevel ${securityLevel}.`));
    else console.log(red(`${problems} ${problems === 1 ? "problem" : "problems"} found.`));
  }

  #row(name: string, text: string): void {
    console.log(`  ${this.#colours.dim(name.padEnd(8))} ${harmless(text)}`);
  }
}

/** Unlike picocolors itself, this takes a pipe for a pipe also where the environment says CI. */
function coloured(): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return process.stdout.isTTY === true && TERM !== "dumb";
}
