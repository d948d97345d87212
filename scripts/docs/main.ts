// Writes docs/commands.md, docs/recovery.md, docs/states.md, the tables of options in docs/node.md and docs/tls.md and those of
// docs/battery.md out of the tables of the sources, or with --check compares them. It holds no facts of its own: those are in core,
// in energy and, in the application note's words, in note-names.ts.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { SLACK } from "../../core/m95/commands.js";
import { RESTART, stepsOf } from "../../core/m95/recovery.js";
import { listTexts, FAMILIES as TEXT_FAMILIES } from "../../core/m95/texts.js";
import { MQTT_URCS, otherUrcs } from "../../core/m95/urcs.js";
import { withSums } from "./battery-page.js";
import { type Parameter, type Row, readTable } from "./command-table.js";
import { duration, table } from "./markdown.js";
import { ANSWERS, FAMILIES, NOTIFICATIONS, PARAMETERS, REMARKS, SECTIONS } from "./note-names.js";
import { withOptions } from "./options.js";
import { recoveryPage } from "./recovery-page.js";
import { statesPage } from "./states-page.js";

function noteName(parameter: Parameter): string {
  const known = PARAMETERS[parameter.name];
  if (!known) throw new Error(`note-names.ts has no name for the parameter ${parameter.name}`);
  return `<${known.note}>`;
}

function quoted(parameter: Parameter): string {
  return parameter.bytes === undefined ? noteName(parameter) : `"${noteName(parameter)}"`;
}

/** `AT+X=` with the parameters of the write form, optional ones in brackets. */
function writeForm(row: Row): string {
  const [command, type] = row.name.split(".");
  const fixed = row.parameters
    .filter((one) => !one.repeats)
    .map((one) => (one.optional ? `[,${quoted(one)}` : quoted(one)));
  const brackets = "]".repeat(row.parameters.filter((one) => one.optional).length);
  const again = row.parameters.filter((one) => one.repeats).map(quoted);
  const parts = [...(type ? [`"${type}"`] : []), ...fixed, ...again].join(",").replaceAll(",[,", "[,");
  return `AT+${command}=${parts}${brackets}${again.length ? `[,${again.join(",")}…]` : ""}`;
}

function forms(row: Row): string[][] {
  const [command, type] = row.name.split(".");
  const answers = ANSWERS[row.name] ?? {};
  const lines: string[][] = [];
  if (row.forms.includes("T")) lines.push(["Test", `\`AT+${command}=?\``, `\`+${command}: …\``]);
  if (row.forms.includes("R"))
    lines.push(["Read", `\`AT+${command}?\``, `\`${answers.read}\`, one line each, or none`]);
  if (row.forms.includes("W"))
    lines.push(["Write", `\`${writeForm(row)}\``, row.prompt ? `prompt \`${row.prompt}\`` : ""]);
  if (row.forms.includes("Q"))
    lines.push(["Query", `\`AT+${command}="${type}",${noteName(row.parameters[0]!)}\``, `\`${answers.query}\``]);
  return lines;
}

function range(parameter: Parameter): string {
  if (parameter.bytes === undefined) return `${parameter.min}–${parameter.max}`;
  return parameter.bytes ? `string, at most ${parameter.bytes} bytes` : "string";
}

function times(row: Row): string[] {
  const { result, time } = ANSWERS[row.name] ?? {};
  if (Boolean(result) !== Boolean(row.result) || Boolean(time) !== (row.result === "P"))
    throw new Error(`note-names.ts and the table differ on the result of ${row.name}`);
  if (!result) return [`- Maximum response time: ${duration(row.wait)}`];
  const driver = "the driver grants the first try the same time: `<pkt_timeout> * (<retry_times> + 1)`";
  return [
    `- Result URC: \`${result}\``,
    `- Maximum response time: ${time ? `${time}; ${driver}` : duration(Number(row.result))}`,
    `- Of that, \`OK\` within ${duration(row.wait)}`,
  ];
}

function command(row: Row): string[] {
  const about = SECTIONS[row.name];
  if (!about) throw new Error(`note-names.ts has no section for ${row.name}`);
  const [name, type] = row.name.split(".");
  const lines = [`### AT+${name}${type ? `="${type}"` : ""} (${about.section})`, "", `${about.purpose}.`, ""];
  lines.push(...table(["form", "command", "answer"], forms(row)));
  lines.push(...times(row), "");
  if (row.parameters.length)
    lines.push(
      ...table(
        ["parameter", "name in errors", "range", ""],
        row.parameters.map((one) => {
          const remark = REMARKS[`${row.name}.${one.name}`] ?? PARAMETERS[one.name]!.remark ?? "";
          return [`\`${noteName(one)}\``, `\`${one.name}\``, range(one), remark];
        }),
      ),
    );
  return lines;
}

const FORM_NAMES: { [letter: string]: string } = { T: "test", R: "read", W: "write", Q: "query", X: "execution" };

function otherCommands(rows: Row[]): string[] {
  return table(
    ["command", "forms", "maximum response time", "prompt", "final result besides `OK`"],
    rows.map((row) => [
      row.name.includes(".") ? `AT+${row.name.replace(".", '="')}"` : `AT+${row.name}`,
      [...row.forms].map((letter) => FORM_NAMES[letter]).join(", "),
      duration(row.wait),
      row.prompt && `\`${row.prompt}\``,
      row.final === "#.#.#.#" ? "an IPv4 address" : row.final && `\`${row.final}\``,
    ]),
  );
}

/** How a URC is told from the answer to the query of its name. */
function rule(mark: string, name: string): string {
  if (mark === "") return "";
  const query = `while AT${name}? runs`;
  if (mark === "-") return `never a URC ${query}`;
  return `${mark === "+" ? "an odd number of" : mark} parameters ${query}`;
}

function urcs(): string[] {
  const entries = (table: string): string[] => table.slice(1, -1).split("|");
  const rows = entries(MQTT_URCS)
    .map((entry) => `+QMT${entry}`)
    .concat(entries(otherUrcs()))
    .map((entry) => {
      const [, name, mark] = /^(.*?)([23+-]?)$/.exec(entry) as unknown as [string, string, string];
      const known = NOTIFICATIONS[name];
      const result = ANSWERS[name.slice(1)]?.result;
      const meaning = known
        ? known.section
          ? `${known.meaning} (${known.section})`
          : known.meaning
        : result
          ? `result of AT${name} (${SECTIONS[name.slice(1)]!.section})`
          : stepsOf(name) >> 4 === RESTART
            ? "the modem has rebooted or goes off: nothing it held is left"
            : "";
      return [`\`${known?.form ?? result ?? name}\``, meaning, rule(mark, name)];
    });
  return table(["URC", "meaning", "is a URC, not an answer, with"], rows);
}

function codes(family: string): string[] {
  const about = FAMILIES[family];
  if (!about) throw new Error(`note-names.ts does not know the family ${family}`);
  const rows = listTexts(family).map((entry) => {
    const colon = entry.indexOf(":");
    const code = Number(entry.slice(0, colon));
    const [meaning, advice = ""] = entry.slice(colon + 1).split("; ") as [string, string?];
    return [String(code), meaning, advice, about.outcome(code)];
  });
  if (family === "stat") rows.push(["8–255", "reserved", "", about.outcome(8)]);
  return [`### ${about.title} (${about.section})`, "", ...table(["code", "meaning", "advice", "error"], rows)];
}

/** The whole page. */
export function commandsPage(): string {
  const rows = readTable();
  const ofNote = rows.filter((row) => row.name.startsWith("QMT"));
  return [
    "<!-- Generated by scripts/docs/main.ts from core/m95; do not edit. -->",
    "",
    "# Commands, URCs and codes",
    "",
    "What the driver knows of the modem's language. Numbers in brackets are sections of Quectel's M95 MQTT application note,",
    "V1.0; what has none is of the GSM AT commands as the M95 has them.",
    "",
    "## Commands of the application note",
    "",
    `The driver waits ${duration(SLACK)} longer than the times below before an answer counts as lost. Every command can be`,
    "answered with `+CME ERROR: <err>` instead.",
    "",
    ...ofNote.flatMap(command),
    "## Other commands",
    "",
    "What the driver needs around them. A command that is in no table waits 5 s.",
    "",
    ...otherCommands(rows.filter((row) => !ofNote.includes(row))),
    "## URCs",
    "",
    "Lines that come unasked. Any other line outside of a command is told with the same event, and has no effect.",
    "",
    ...urcs(),
    "## Codes",
    "",
    "Meaning, the note's advice, and what the driver reports. The number itself is in the error: `result`, `returnCode` or `cme`.",
    "",
    ...TEXT_FAMILIES.flatMap(codes),
  ]
    .join("\n")
    .trimEnd()
    .concat("\n");
}

const folder = new URL("../../../docs/", import.meta.url);

/** Pages by file name: what they should be, given what they are. */
const PAGES: { [name: string]: (present: string) => string } = {
  "battery.md": withSums,
  "commands.md": commandsPage,
  "node.md": withOptions,
  "recovery.md": recoveryPage,
  "states.md": statesPage,
  "tls.md": withOptions,
};

function main(): void {
  const { values, positionals } = parseArgs({ options: { check: { type: "boolean" } }, allowPositionals: true });
  const files = positionals.length
    ? positionals
    : Object.keys(PAGES).map((name) => fileURLToPath(new URL(name, folder)));
  for (const file of files) {
    const present = existsSync(file) ? readFileSync(file, "utf8") : "";
    const page = PAGES[path.basename(file)]!(present);
    if (!values.check) writeFileSync(file, page);
    else if (present !== page) {
      console.error(`${file} is not what the tables say: run "npm run docs"`);
      process.exitCode = 1;
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
