// The flashing page in a real Chromium: against a model of the board's console, and against a real Espruino when
// ESPRUINO names one. Serial port and Bluetooth are stand-ins, not hardware.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import type { Page } from "playwright-core";
import { boardOf, firmwareNames } from "../../flash/board/config.js";
import { engine } from "../support/needs.js";
import { testWith } from "../support/test-with.js";
import { type Browser, openPage, servePage, sharedChromium } from "./browser.js";
import { type Board, espruino } from "./pty.js";
import { ReplModel } from "./repl-model.js";

const inBrowser = testWith("chromium");
const MODULE = `exports.name=function(){return "small M95"};${"// filler\n".repeat(300)}`;
const APP = 'var c=require("Storage").readJSON("m95.json",1);print("app runs with",c.apn,c.host,c.port,c.serial)';

const folder = mkdtempSync(path.join(tmpdir(), "m95-page-"));
const folders = { bundles: path.join(folder, "bundles"), apps: path.join(folder, "apps") };
for (const made of Object.values(folders)) mkdirSync(made);
writeFileSync(path.join(folders.bundles, "M95.js"), "// the long one");
writeFileSync(path.join(folders.bundles, "M95.min.js"), MODULE, "latin1");
writeFileSync(path.join(folders.apps, "hello.js"), APP);

const { context, stop } = sharedChromium();

test.after.always(async () => {
  await stop();
  rmSync(folder, { recursive: true });
});

async function fillIn(page: Page): Promise<void> {
  await page.getByLabel("Application", { exact: true }).selectOption("hello.js");
  await page.getByLabel("Board", { exact: true }).selectOption("espruino-pico");
  await page.getByLabel("APN of the operator").fill("internet");
  await page.getByLabel("Broker, host:port").fill("broker.example:1884");
}

/** Waits until the result line says something. */
async function resultOf(page: Page): Promise<string> {
  await page.locator("#result:not(:empty)").waitFor({ timeout: 40_000 });
  return (await page.locator("#result").textContent()) as string;
}

/** What a screenshot is written to, when somebody wants to look. */
async function picture(page: Page, name: string): Promise<void> {
  const target = process.env.FLASH_PICTURES;
  if (!target) return;
  for (const [size, width, height] of [
    ["desktop", 1100, 1150],
    ["narrow", 390, 1500],
  ] as const)
    for (const colorScheme of ["light", "dark"] as const) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: path.join(target, `${name}-${size}-${colorScheme}.png`) });
    }
}

/** One run from the first click to the application's output. */
async function flashes(t: ExecutionContext, board: Board): Promise<Page> {
  const url = await servePage(t, folders);
  const { page, errors } = await openPage(t, await context(), url, board);
  t.is(await page.getByLabel("Bundle").inputValue(), "M95.min.js");
  t.true(await page.getByRole("button", { name: "Write to the board" }).isDisabled());
  await fillIn(page);
  await page.getByRole("button", { name: "Connect by USB" }).click();
  await page.getByText("Connected to").waitFor();
  await page.getByRole("button", { name: "Write to the board" }).click();
  t.regex(await resultOf(page), /^Written and compared: M95 \(\d+ bytes\), m95\.json \(\d+ bytes\), \.bootcde/);
  await page.getByRole("log").getByText("app runs with internet broker.example 1884 Serial2").waitFor();
  t.deepEqual(errors, []);
  return page;
}

inBrowser(
  "the driver goes onto a board in the parts that are ticked, and the page says what will be left",
  async (t) => {
    const apps = path.join(folder, "apps-in-parts");
    const bundles = path.join(folder, "bundles-in-parts");
    for (const made of [apps, bundles]) mkdirSync(made);
    writeFileSync(path.join(apps, "switch.js"), "m({board:b,tls:1})");
    const files = ["core", "tls", "power", "store"].map((part) => ({
      name: part,
      part,
      bytes: 300,
      file: `${part}.t`,
      plain: part,
    }));
    for (const one of files) {
      one.name = one.part === "core" ? "M95" : `M95-${one.part}`;
      writeFileSync(path.join(bundles, one.file), `${one.part}\xff\x80`.repeat(50), "latin1");
      writeFileSync(path.join(bundles, one.plain), "plain");
    }
    writeFileSync(path.join(bundles, "M95.min.js"), MODULE, "latin1");
    writeFileSync(path.join(bundles, "parts.json"), JSON.stringify({ files, sets: {} }));
    const board = new ReplModel({ memory: { total: 5100, free: 5000 } });
    const url = await servePage(t, { apps, bundles });
    const { page, errors } = await openPage(t, await context(), url, board);
    await page.getByLabel("Application", { exact: true }).selectOption("switch.js");
    const box = (name: string) => page.getByLabel(name, { exact: true });
    await box("tls").and(page.locator(":checked")).waitFor();
    t.true(await box("power").isChecked());
    t.false(await box("store").isChecked());
    await box("power").uncheck();
    await box("store").check();
    await page.getByRole("button", { name: "Connect by USB" }).click();
    await page.getByText("Connected to").waitFor();
    await page.getByRole("button", { name: "Write to the board" }).click();
    t.regex(await resultOf(page), /^Written and compared: M95-tls \(\d+ bytes\), M95-store \(\d+ bytes\), M95 \(/);
    t.is(board.files.get("M95-tls"), "tls\xff\x80".repeat(50));
    t.regex(
      (await page.locator("#plan").textContent()) as string,
      /Parts: tls .*Storage: \d+ bytes are written.*RAM: some/,
    );
    t.deepEqual(errors, []);
  },
);

inBrowser("the page flashes a board and shows what its application prints", async (t) => {
  t.timeout(60_000);
  const board = new ReplModel();
  const page = await flashes(t, board);
  t.is(board.files.get("M95"), MODULE);
  t.is(board.files.get(".bootcde"), APP);
  t.is(await page.locator("#progress").getAttribute("value"), "100");
  await picture(page, "done");

  await page.getByLabel("Command for the board").fill("print(40+2)");
  await page.keyboard.press("Enter");
  await page.getByRole("log").getByText("42", { exact: false }).waitFor();
  await page.getByRole("button", { name: "Clear" }).click();
  t.is(await page.getByRole("log").textContent(), "");
  await page.getByRole("button", { name: "Disconnect" }).click();
  await page.getByText("Not connected.").waitFor();
  t.is(await page.evaluate(() => (globalThis as unknown as Browser).openPorts), 0);
  // And once more, over the same port.
  await page.getByRole("button", { name: "Connect by USB" }).click();
  await page.getByText("Connected to MODEL").waitFor();
});

testWith("chromium", "ESPRUINO")("the page flashes a real Espruino", async (t) => {
  t.timeout(60_000);
  await flashes(t, espruino(engine("ESPRUINO")!));
});

inBrowser("a board with Bluetooth is flashed without a cable, in packets of 20 bytes", async (t) => {
  t.timeout(60_000);
  const board = new ReplModel({ pause: { every: 1000, ms: 30 } });
  const url = await servePage(t, folders);
  const { page, errors } = await openPage(t, await context(), url, board);
  await page.getByRole("button", { name: "Connect by Bluetooth" }).click();
  await page.getByText("Connected to MODEL").waitFor();
  await page.getByRole("button", { name: "Write to the board" }).click();
  t.regex(await resultOf(page), /^Written and compared/);
  t.is(board.files.get("M95"), MODULE);
  t.true(board.pauses > 0);
  await page.getByRole("button", { name: "Disconnect" }).click();
  await page.getByText("Not connected.").waitFor();
  t.deepEqual(errors, []);
});

inBrowser("all of it works with the keyboard alone", async (t) => {
  t.timeout(60_000);
  const board = new ReplModel();
  const url = await servePage(t, folders);
  const { page } = await openPage(t, await context(), url, board);
  const focused = () => page.evaluate("document.activeElement.id");
  const tabTo = async (id: string) => {
    for (let i = 0; i < 20 && (await focused()) !== id; i++) await page.keyboard.press("Tab");
    t.is(await focused(), id);
  };
  await tabTo("apn");
  await page.keyboard.type("internet");
  await tabTo("usb");
  await page.keyboard.press("Enter");
  await page.getByText("Connected to MODEL").waitFor();
  t.is(await focused(), "write");
  await page.keyboard.press("Enter");
  t.regex(await resultOf(page), /^Written and compared/);
  t.is(board.files.get("m95.json"), '{"apn":"internet"}');
  await tabTo("console");
});

inBrowser("errors of the board stand on the page with what to do", async (t) => {
  t.timeout(60_000);
  const url = await servePage(t, folders);
  const { page } = await openPage(t, await context(), url, new ReplModel({ storage: 2000 }));
  await page.getByRole("button", { name: "Connect by USB" }).click();
  await page.getByText("Connected to").waitFor();
  await page.getByRole("button", { name: "Write to the board" }).click();
  t.regex(await resultOf(page), /Not enough Storage: \d+ bytes are needed, 2000 are free.*eraseAll/);
  await picture(page, "full");
  await page.getByLabel("Broker, host:port").fill("not a broker");
  await page.getByRole("button", { name: "Write to the board" }).click();
  await page.getByText('"not a broker" is no broker').waitFor();
});

inBrowser("a file of the user's own is written, whatever its bytes", async (t) => {
  t.timeout(60_000);
  const board = new ReplModel();
  const url = await servePage(t, folders);
  const { page } = await openPage(t, await context(), url, board);
  const own = Buffer.from('print("\xe9\xff\x01")', "latin1");
  await page.getByLabel("Application", { exact: true }).selectOption("a file of mine");
  await page
    .getByLabel("File with the application")
    .setInputFiles({ name: "own.js", mimeType: "text/javascript", buffer: own });
  await page.getByRole("button", { name: "Connect by USB" }).click();
  await page.getByText("Connected to").waitFor();
  await page.getByRole("button", { name: "Write to the board" }).click();
  t.regex(await resultOf(page), /^Written and compared/);
  t.is(board.files.get(".bootcde"), own.toString("latin1"));
});

inBrowser(
  "a browser without Web Serial is told which ones have it; a window closed without a choice is no end",
  async (t) => {
    t.timeout(60_000);
    const url = await servePage(t, folders);
    const without = await openPage(t, await context(), url, undefined);
    await without.page.getByText("Chrome, Edge and Opera on a computer have it").waitFor();
    t.true(await without.page.getByRole("button", { name: "Connect by USB" }).isDisabled());
    await picture(without.page, "without");

    const { page } = await openPage(t, await context(), url, new ReplModel());
    await page.evaluate("refuse = true");
    await page.getByRole("button", { name: "Connect by USB" }).click();
    t.regex(await resultOf(page), /No board was chosen/);
    await page.evaluate("refuse = false");
    await page.getByRole("button", { name: "Connect by USB" }).click();
    await page.getByText("Connected to MODEL").waitFor();
    await page.evaluate("navigator.serial.dispatchEvent(new Event('disconnect'))");
    await page.getByText("Not connected.").waitFor();
  },
);

test("the server gives what it lists, to this machine only, and survives odd requests", async (t) => {
  const url = await servePage(t, { ...folders, apps: path.join(folder, "none") });
  const lists = await (await fetch(`${url}lists.json?x`)).json();
  t.deepEqual(lists, {
    bundles: [
      { name: "M95.js", size: 15 },
      { name: "M95.min.js", size: MODULE.length },
    ],
    apps: [],
  });
  for (const [where, status] of [
    ["", 200],
    ["style.css", 200],
    ["bundles/M95.js", 200],
    ["bundles/M95.ts", 404],
    ["bundles/..%2f..%2fpackage.json", 404],
    ["bundles/%E0%A4%A", 404],
    ["server.ts", 404],
  ] as const)
    t.is((await fetch(url + where)).status, status, where);
  t.is((await fetch(url, { method: "POST" })).status, 405);
  t.regex((await fetch(url)).headers.get("content-security-policy") ?? "", /default-src 'self'/);
});

test("flash:web says where the page is; a taken port and a wrong call have exit codes of their own", async (t) => {
  const start = (...args: string[]) =>
    spawn(process.execPath, ["build/flash/web/main.js", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const child = start();
  t.teardown(() => child.kill());
  const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  const url = /http:\/\/localhost:(\d+)\//.exec(line)!;
  t.is((await fetch(url[0])).status, 200);
  const second = start("--port-http", url[1]!);
  t.deepEqual(await once(second, "exit"), [1, null]);
  t.deepEqual(await once(start("--port-http", "none"), "exit"), [2, null]);
  t.deepEqual(await once(start("--help"), "exit"), [0, null]);
});

inBrowser(
  "the board is asked what it is and what its settings are; another one is warned of before anything is written",
  async (t) => {
    t.timeout(60_000);
    const board = new ReplModel({ board: "NUCLEOF411RE" });
    board.files.set("m95.json", '{"apn":"old","host":"was.example","port":8883,"username":"me","pin":"1234","own":1}');
    const url = await servePage(t, folders);
    const { page } = await openPage(t, await context(), url, board);
    await page.getByLabel("APN of the operator").fill("typed");
    await page.getByRole("button", { name: "Connect by USB" }).click();
    await page.getByText("Connected to").waitFor();
    const value = (id: string) => page.locator(`#${id}`).inputValue();
    t.is(await value("board"), "nucleo-f411re");
    t.is(await value("broker"), "was.example:8883");
    t.is(await value("user"), "me");
    t.is(await value("sim-pin"), "1234");
    t.is(await value("apn"), "typed");
    await page.getByLabel("Board", { exact: true }).selectOption("espruino-pico");
    await page.getByRole("button", { name: "Write to the board" }).click();
    await page.locator("#board-wrong", { hasText: "says that it is a nucleo-f411re" }).waitFor();
    t.is(board.files.get("M95"), undefined);
    await page.getByRole("button", { name: "Write to the board" }).click();
    await page.locator("#result", { hasText: "Written and compared" }).waitFor();
    t.like(JSON.parse(board.files.get("m95.json")!), { apn: "typed", board: "espruino-pico", own: 1 });
  },
);

inBrowser("an application that fails at its start does not stand under a green line", async (t) => {
  t.timeout(60_000);
  const url = await servePage(t, folders);
  const { page } = await openPage(t, await context(), url, new ReplModel());
  await page.getByLabel("Application", { exact: true }).selectOption("a file of mine");
  await page
    .getByLabel("File with the application")
    .setInputFiles({ name: "bad.js", mimeType: "text/javascript", buffer: Buffer.from("nothing.there()") });
  await page.getByRole("button", { name: "Connect by USB" }).click();
  await page.getByText("Connected to").waitFor();
  await page.getByRole("button", { name: "Write to the board" }).click();
  t.regex(await resultOf(page), /fails at its start: Uncaught ReferenceError: nothing is not defined/);
  t.is(await page.locator("#result").getAttribute("class"), "bad");
  t.is(await page.locator("#percent").textContent(), "100 %");
});

inBrowser("fields survive a reload, secrets do not; what is wrong stands beside its field", async (t) => {
  t.timeout(60_000);
  const url = await servePage(t, folders);
  const { page } = await openPage(t, await context(), url, new ReplModel());
  await page.getByLabel("Broker, host:port").fill("not a broker");
  await page.getByLabel("Its password").fill("secret");
  await page.getByLabel("Client id", { exact: true }).fill("me");
  await page.getByLabel("Client id", { exact: true }).press("Tab");
  await page.reload();
  await page.locator("#app option").nth(1).waitFor({ state: "attached" });
  t.is(await page.getByLabel("Client id", { exact: true }).inputValue(), "me");
  t.is(await page.getByLabel("Its password").inputValue(), "");
  await page.getByRole("button", { name: "Connect by USB" }).click();
  await page.getByText("Connected to").waitFor();
  await page.getByRole("button", { name: "Write to the board" }).click();
  await page.locator("#broker-wrong", { hasText: '"not a broker" is no broker' }).waitFor();
  t.is(await page.locator("#broker").getAttribute("aria-invalid"), "true");
  t.is(await page.evaluate("document.activeElement.id"), "broker");
});

inBrowser("TLS files go to Storage by what is in them; the console knows UTF-8 and what was sent", async (t) => {
  t.timeout(60_000);
  const board = new ReplModel();
  const url = await servePage(t, folders);
  const { page } = await openPage(t, await context(), url, board);
  const pem = (kind: string) => Buffer.from(`-----BEGIN ${kind}-----\r\nAAAA\r\n-----END ${kind}-----\r\n`);
  const file = (name: string, buffer: Buffer) => ({ name, mimeType: "application/x-pem-file", buffer });
  await page
    .getByLabel("TLS files (PEM)")
    .setInputFiles([
      file("root.pem", pem("CERTIFICATE")),
      file("device.crt", pem("CERTIFICATE")),
      file("k.pem", pem("PRIVATE KEY")),
    ]);
  await page.getByRole("button", { name: "Connect by USB" }).click();
  await page.getByText("Connected to").waitFor();
  await page.getByRole("button", { name: "Write to the board" }).click();
  t.regex(await resultOf(page), /^Written and compared/);
  t.is(board.files.get("m95-ca.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  t.regex(board.files.get("m95-key.pem")!, /PRIVATE KEY/);
  t.true(board.files.has("m95-cert.pem"));
  const command = page.getByLabel("Command for the board");
  await command.fill('print("gr\\xc3\\xbc\\xc3\\x9fe")');
  await command.press("Enter");
  await page.getByRole("log").getByText("grüße").waitFor();
  await command.press("ArrowUp");
  t.is(await command.inputValue(), 'print("gr\\xc3\\xbc\\xc3\\x9fe")');
  await command.press("ArrowDown");
  t.is(await command.inputValue(), "");
});

test("names of firmwares are those of Espruino's board files", async (t) => {
  const scripts = new URL("../../../scripts/espruino/board-files.mjs", import.meta.url);
  const { BOARD_FILES } = (await import(scripts.href)) as { BOARD_FILES: { [board: string]: string } };
  t.deepEqual(firmwareNames, BOARD_FILES);
  for (const [board, name] of Object.entries(BOARD_FILES)) t.is(boardOf(name), board);
  t.is(boardOf("PICO_R1_4"), "espruino-pico");
  t.is(boardOf("LINUX"), undefined);
});
