// The flashing page: takes what the form says, connects, flashes, shows progress and what the board prints. The work is
// done by flash/board, as for the command line.
import { boardNames, boardOf, choicesOf, configOf } from "../../board/config.js";
import { FlashError } from "../../board/errors.js";
import { introduction } from "../../board/inspect.js";
import { install, type Plan } from "../../board/install.js";
import { needsOf, type Parts, type PartsList, partNames } from "../../board/parts.js";
import { fromBytes, utf8 } from "../../board/quote.js";
import { Session } from "../../board/session.js";
import { type ConnectedBoard, onWanted, tellBoard, tellLine } from "./bridge.js";
import { BoardLink, support, type Way } from "./connection.js";
import { clearWrong, FIELDS, fillIn, keepFields, showWrong, tlsFiles } from "./fields.js";
import { readable, remember } from "./history.js";

/** How many characters the console keeps. */
const CONSOLE_LIMIT = 50_000;

const KEEP = "";
const OWN_FILE = "file:";
/** Not a file: the driver in parts. */
const IN_PARTS = "parts:";

/** What the server has. */
interface Lists {
  bundles: { name: string; size: number }[];
  apps: { name: string; size: number }[];
  parts?: PartsList;
}

function element<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

const form = element<HTMLFormElement>("form");
const bundle = element<HTMLSelectElement>("bundle");
const app = element<HTMLSelectElement>("app");
const file = element<HTMLInputElement>("file");
const board = element<HTMLSelectElement>("board");
const usb = element<HTMLButtonElement>("usb");
const bluetooth = element<HTMLButtonElement>("bluetooth");
const disconnect = element<HTMLButtonElement>("disconnect");
const write = element<HTMLButtonElement>("write");
const progress = element<HTMLProgressElement>("progress");
const output = element<HTMLPreElement>("console");
const result = element("result");
const command = element<HTMLInputElement>("command");
const send = element<HTMLButtonElement>("send");

/** The driver in parts, if it is there. */
let list: PartsList | undefined;
/** What the chosen application needs. */
let needed: string[] = [];

/** ms that an application has to fail in at its start. */
const STARTS = 1500;
/** How Espruino says that something was thrown. */
const THROWN = /^(Uncaught |Execution Interrupted|ERROR: |M95 in Storage is not whole)/;
/** ms in which a board whose application is at work answers. */
const PATIENCE = 10_000;
/** What the board printed since its application was started. */
let since: string[] = [];
/** The known board that the firmware is for. */
let actual: string | undefined;
/** Asked whether the other board is meant, and told to go on. */
let insisted = false;

/** Lines that the view Modem shows, and the console does not. */
let folded = 0;
/** The board is being written, or connected. */
let working = false;
/** What the workbench asked of it last. */
let asking: Promise<unknown> = Promise.resolve();

let link: BoardLink | undefined;
let session: Session | undefined;

function say(id: string, text: string): void {
  element(id).textContent = text;
}

function showResult(kind: "good" | "bad" | "", text: string): void {
  result.className = kind;
  result.textContent = text;
}

function showError(error: unknown): void {
  const { message, advice, field } = error as FlashError;
  if (error instanceof FlashError && field !== undefined && showWrong(field, `${message}. ${advice}`)) {
    showResult("bad", "Something in the form is not right: see the field that is marked.");
    return;
  }
  showResult("bad", error instanceof FlashError ? `${message}. ${advice}` : String(message ?? error));
}

/** What the board printed goes to the view Modem or to the console. */
function print(bytes: string): void {
  const taken = tellLine(bytes, (back) => {
    fold(-1);
    show(back);
  });
  if (taken) fold(1);
  else show(bytes);
}

/** Counts lines that are not in the console. */
function fold(count: number): void {
  folded += count;
  const lines = folded === 1 ? "line" : "lines";
  say("folded", folded > 0 ? `${folded} ${lines} of M95-workbench: see the view Modem.` : "");
}

/** Adds a line to the console; it follows the output unless the user has scrolled away. */
function show(bytes: string): void {
  const line = readable(bytes);
  since.push(line);
  const atEnd = output.scrollTop + output.clientHeight >= output.scrollHeight - 4;
  output.textContent = `${output.textContent}${line}\n`.slice(-CONSOLE_LIMIT);
  if (atEnd) output.scrollTop = output.scrollHeight;
}

/** Shows what can be done now. */
function refresh(busy: boolean): void {
  working = busy;
  const connected = session !== undefined;
  usb.hidden = bluetooth.hidden = connected;
  element("bluetooth-hint").hidden = connected || support.bluetooth;
  usb.disabled = busy || !support.usb;
  bluetooth.disabled = busy || !support.bluetooth;
  disconnect.hidden = !connected;
  disconnect.disabled = busy;
  write.disabled = command.disabled = send.disabled = busy || !connected;
  // The button that was pressed is hidden or was disabled: without this a keyboard would begin at the top again.
  if (!write.disabled && document.activeElement === document.body) write.focus();
}

/** @param onLooker - the board's application is not to be disturbed */
async function connect(way: Way, onLooker = false): Promise<void> {
  showResult("", "");
  refresh(true);
  say("connection", "Choose the board in the browser's window.");
  try {
    const opened = await BoardLink.open(way);
    link = opened;
    session = new Session(opened);
    session.onOutput = print;
    const lost = opened.onClose;
    opened.onClose = () => {
      lost();
      forget();
    };
    say("connection", "Connected. Waiting for the board to answer.");
    if (onLooker) await session.prompt(false, PATIENCE);
    else await session.prompt();
    const kind = onLooker ? undefined : await opened.kind();
    const board = await meet(session);
    say("connection", `Connected to ${kind ?? board}.`);
  } catch (error) {
    showError(error);
    await letGo();
    refresh(false);
    throw error;
  }
  refresh(false);
  told();
}

/** Tells the workbench of the board: it is there, or has started anew. */
function told(): void {
  const current = session;
  if (!current) return;
  const board: ConnectedBoard = {
    get busy() {
      return working;
    },
    async run(expression) {
      await asking.catch(() => {});
      if (working) throw new Error("The board is being written");
      asking = current.run(expression);
      return asking;
    },
    close: letGo,
  };
  tellBoard(board);
}

/** Who the board is: what it has goes into the form, where that is empty. */
async function meet(session: Session): Promise<string> {
  const { board: firmware, settings } = await introduction(session);
  actual = boardOf(String(firmware));
  insisted = false;
  const before = board.value;
  fillIn({ ...(actual !== undefined && { board: actual }), ...choicesOf(settings) });
  if (board.value !== before) await tick();
  return String(firmware);
}

function forget(): void {
  link = session = undefined;
  say("connection", "Not connected.");
  refresh(false);
  tellBoard(undefined);
}

async function letGo(): Promise<void> {
  const last = link;
  forget();
  await last?.close();
}

/** The bytes of something on the server. */
async function load(path: string): Promise<string> {
  const response = await fetch(path);
  if (!response.ok) throw new FlashError(`${path} is not there`, "Is npm run flash:web still running?");
  return fromBytes(new Uint8Array(await response.arrayBuffer()));
}

async function chosenApp(): Promise<string | undefined> {
  if (app.value === KEEP) return undefined;
  if (app.value !== OWN_FILE) return load(`apps/${encodeURIComponent(app.value)}`);
  const chosen = file.files?.[0];
  if (!chosen) throw new FlashError("No file is chosen", "Choose the application's file, or another application.");
  return fromBytes(new Uint8Array(await chosen.arrayBuffer()));
}

function boxes(): HTMLInputElement[] {
  return [...element("parts").querySelectorAll("input")];
}

/** Ticks what the chosen application needs. */
async function tick(): Promise<void> {
  element("parts-field").hidden = bundle.value !== IN_PARTS || !list;
  if (!list) return;
  let code: string | undefined;
  try {
    code = await chosenApp();
  } catch {
    // No file is chosen yet.
  }
  needed = code === undefined ? [] : needsOf(list, code, board.value).map(({ part }) => part);
  for (const box of boxes()) box.checked = needed.includes(box.value);
}

/** The driver as it is chosen: parts that are ticked, and not those that were needed and are not ticked any more. */
async function chosenModule(): Promise<string | Parts> {
  const file = (name: string) => load(`bundles/${encodeURIComponent(name)}`);
  if (bundle.value !== IN_PARTS) return file(bundle.value);
  const ticked = boxes().flatMap(({ checked, value }) => (checked ? [value] : []));
  const asked = ticked.filter((part) => !needed.includes(part));
  return { list: list!, load: file, with: asked, without: needed.filter((part) => !ticked.includes(part)) };
}

async function planOf(): Promise<Plan> {
  const config = configOf(
    Object.fromEntries(Object.entries(FIELDS).map(([name, id]) => [name, element<HTMLInputElement>(id).value.trim()])),
  );
  if (actual !== undefined && board.value !== "" && board.value !== actual && !insisted) {
    insisted = true;
    throw new FlashError(
      `The board says that it is a ${actual}, and ${board.value} is chosen`,
      "Choose the right one; or write again, and this is written as it is.",
      "board",
    );
  }
  const files = await tlsFiles(element<HTMLInputElement>("tls-files").files);
  const plan: Plan = {
    module: await chosenModule(),
    config,
    compare: "checksum",
    start: true,
    ...(files.length > 0 && { files }),
  };
  const code = await chosenApp();
  return code === undefined ? plan : { ...plan, app: code };
}

async function flash(): Promise<void> {
  if (!session) return;
  showResult("", "");
  clearWrong();
  refresh(true);
  const said = element("plan");
  said.textContent = "";
  said.hidden = true;
  try {
    await asking.catch(() => {});
    const plan = await planOf();
    element("progress-area").hidden = false;
    const files = await install(session, plan, {
      found: ({ board, version }) => say("connection", `Connected to ${board}, Espruino ${version}.`),
      say(text) {
        said.hidden = false;
        said.append(Object.assign(document.createElement("li"), { textContent: text }));
      },
      step(text) {
        say("step", text);
        since = [];
        progress.value = 0;
        return (done, total) => {
          progress.value = Math.round((100 * done) / Math.max(total, 1));
          say("percent", `${progress.value} %`);
          // Spoken by screen readers where the bar itself is not.
          progress.setAttribute("aria-valuetext", `${text}, ${progress.value} %`);
        };
      },
    });
    say("step", "Done");
    progress.value = 100;
    say("percent", "100 %");
    const list = files.map(({ name, data }) => `${name} (${data.length} bytes)`).join(", ");
    await new Promise((resolve) => setTimeout(resolve, STARTS));
    const thrown = since.find((line) => THROWN.test(line));
    if (thrown === undefined) showResult("good", `Written and compared: ${list}.`);
    else showResult("bad", `Written and compared: ${list}. But the application fails at its start: ${thrown}`);
  } catch (error) {
    showError(error);
  }
  refresh(false);
  told();
}

/** Says what this browser lacks, and what to use instead. */
function tellSupport(): void {
  if (support.usb) return;
  const other = support.bluetooth ? " Boards with Bluetooth can be used." : "";
  const notice = element("support");
  notice.textContent =
    `This browser has no Web Serial, so it cannot reach boards by USB.${other} ` +
    "Chrome, Edge and Opera on a computer have it; or use npm run flash.";
  notice.hidden = false;
}

async function start(): Promise<void> {
  for (const name of boardNames) board.add(new Option(name));
  refresh(false);
  tellSupport();
  const response = await fetch("lists.json");
  const lists = (await response.json()) as Lists;
  const { bundles, apps } = lists;
  list = lists.parts;
  if (list) bundle.add(new Option("in parts, as the application needs them", IN_PARTS, true, true));
  for (const part of list ? partNames(list) : []) {
    const label = document.createElement("label");
    label.append(Object.assign(document.createElement("input"), { type: "checkbox", value: part }), ` ${part}`);
    element("parts").append(label);
  }
  for (const { name, size } of bundles) {
    const preferred = !list && name === "M95.min.js";
    bundle.add(new Option(`${name}, ${(size / 1000).toFixed(1)} kB`, name, preferred, preferred));
  }
  app.add(new Option("leave the board's as it is", KEEP));
  for (const { name } of apps) app.add(new Option(name));
  app.add(new Option("a file of mine", OWN_FILE));
  keepFields();
  await tick();
  if (bundles.length === 0)
    showError(new FlashError("There is no bundle", "Stop the server and start it with npm run flash:web."));
}

app.addEventListener("change", () => {
  element("file-field").hidden = app.value !== OWN_FILE;
});
for (const field of [app, file, bundle, board]) field.addEventListener("change", () => void tick().catch(showError));
usb.addEventListener("click", () => connect("Web Serial").catch(() => {}));
bluetooth.addEventListener("click", () => connect("Web Bluetooth").catch(() => {}));
onWanted((failed) => {
  if (session) told();
  else
    connect("Web Serial", true).catch(({ message, advice }: FlashError) =>
      failed(advice ? `${message}. ${advice}` : message),
    );
});
disconnect.addEventListener("click", letGo);
element("clear").addEventListener("click", () => {
  output.textContent = "";
  fold(-folded);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void flash();
});
element("command-form").addEventListener("submit", (event) => {
  event.preventDefault();
  // With echo: the console then shows what was sent and what came of it.
  void link?.write(`${utf8(command.value)}\n`);
  remember(command.value);
  command.value = "";
});
start().catch(showError);
