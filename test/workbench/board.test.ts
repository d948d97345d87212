// The view Modem of the workbench beside a board that runs the driver, in a real Chromium: a board modelled here, whose driver and part
// M95-workbench are real, and with ESPRUINO a real Espruino with all of it in its Storage. Web Serial is a stand-in for it.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import vm from "node:vm";
import test, { type ExecutionContext } from "ava";
import type { Page } from "playwright-core";
import { M95 } from "../../targets/web/index.js";
import { parseTrace } from "../../trace/format.js";
import { MemoryBroker, ScaledClock, VirtualM95, type VirtualM95Options } from "../../virtual-m95/index.js";
import { startPty } from "../../virtual-m95/server/pty.js";
import { startVirtualM95Server } from "../../virtual-m95/server/server.js";
import { openPage, servePage, sharedChromium } from "../flash/browser.js";
import { type Board, espruino } from "../flash/pty.js";
import { ReplModel } from "../flash/repl-model.js";
import { startAedes } from "../support/aedes.js";
import { engine } from "../support/needs.js";
import { testWith } from "../support/test-with.js";

/** One after the other: when nothing answers for seconds, what runs on the board is interrupted. */
const inBrowser = testWith("chromium").serial;
const { context, stop } = sharedChromium();
const folder = mkdtempSync(path.join(tmpdir(), "m95-board-"));

test.after.always(async () => {
  await stop();
  rmSync(folder, { recursive: true });
});

async function workbench(t: ExecutionContext, view: string, board: Board, apps?: string) {
  t.timeout(120_000);
  const url = await servePage(t, apps === undefined ? {} : { apps });
  const { page, errors } = await openPage(t, await context(), url, board);
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  await page.goto(`${url}#${view}`);
  return { page, errors };
}

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const said = (page: Page, id: string, text: string | RegExp) =>
  page.locator(`#${id}`, { hasText: text }).waitFor({ timeout: 60_000 });

interface Part {
  key: string;
  watch(modem: object, period?: number): void;
  stop(): void;
}

/** A board with the driver on a virtual M95, and the part, unless it lacks it. */
function modelled(
  t: ExecutionContext,
  {
    watches = true,
    name = "modem",
    part = true,
    modem: over = {},
  }: { watches?: boolean; name?: string; part?: boolean; modem?: Partial<VirtualM95Options> } = {},
) {
  const clock = new ScaledClock();
  const broker = new MemoryBroker({ clock, latency: 30 });
  const virtual = new VirtualM95({ clock, network: broker.network, poweredOn: true, hostBaud: 0, dtr: 0, ...over });
  const uart = { write: (data: string) => virtual.uart.write(data), onReceive: (_chunk: string) => {} };
  virtual.uart.onReceive = (chunk) => uart.onReceive(chunk);
  const modem = new M95({ uart, apn: "internet" });
  modem.on("error", () => {});
  const exports = {} as Part;
  const timers = new Set<NodeJS.Timeout>();
  const print = (text: string) => board.onOutput(`\r\x1b[J${text}\r\n>`);
  const load = () =>
    vm.runInNewContext(readFileSync("dist/espruino/storage/M95-workbench.js", "latin1"), {
      exports,
      print,
      getTime: () => Date.now() / 1000,
      setInterval(fn: () => void, ms: number) {
        const timer = setInterval(fn, ms);
        timers.add(timer);
        return timer;
      },
      clearInterval,
    });
  load();
  const board = new ReplModel({
    board: "NUCLEOF411RE",
    globals: { [name]: modem },
    ...(part && { modules: { "M95-workbench": exports } }),
  });
  modem.start();
  if (watches) exports.watch(modem, 1000);
  t.teardown(() => {
    exports.stop();
    for (const timer of timers) clearInterval(timer);
    modem.stop(() => virtual.dispose());
  });
  return { board: board as Board & ReplModel, modem, virtual, print, load, exports };
}

const choose = (page: Page) => button(page, "Choose a board that runs the driver").click();
const chosen = (page: Page) => said(page, "modem-line", "The modem of an Espruino board");

inBrowser(
  "states, traffic, signal, counters and recovery of a board's modem are seen; its application is not interrupted",
  async (t) => {
    const { board, virtual, print } = modelled(t);
    let keys = "";
    const { receive } = board;
    board.receive = (data) => {
      keys += data;
      receive.call(board, data);
    };
    const { page, errors } = await workbench(t, "modem", board);
    await choose(page);
    await chosen(page);
    await said(page, "modem-state", "State: ready");
    t.is(await page.locator(".diagram .now text").textContent(), "ready");
    await said(page, "traffic", "+CSQ: 21,0");
    await said(page, "counters", /commands\d+/);
    await said(page, "facts", "Testnet");
    await said(page, "facts", /\d+\.\d+\.\d+\.\d+/);
    virtual.faults.start("pdp-drop");
    await said(page, "recovery", "pdp, attempt 1: +PDP DEACT");
    await page.getByLabel("AT command").fill("AT+QGSN");
    await button(page, "Send").click();
    await said(page, "traffic", "AT+QGSN");
    // Ctrl-C would end what runs.
    t.false(keys.includes("\x03"));

    await page.getByRole("link", { name: "Flash" }).click();
    print("hello from the application");
    await said(page, "console", "hello from the application");
    t.false((await page.locator("#console").textContent())!.includes("M95#"));
    await said(page, "folded", /\d+ lines of M95-workbench/);
    await page.getByLabel("Command for the board").fill("print(40+2)");
    await page.keyboard.press("Enter");
    await said(page, "console", "42");

    await page.getByRole("link", { name: "Trace" }).click();
    await button(page, "Show what was recorded").click();
    await page.getByLabel("Search").fill("CSQ");
    t.true((await page.locator("#trace-rows .row:visible").count()) > 1);
    const downloading = page.waitForEvent("download");
    await button(page, "Save it").click();
    t.true(parseTrace(readFileSync(await (await downloading).path(), "utf8")).length > 10);

    await page.getByRole("link", { name: "Modem" }).click();
    await button(page, "Let go").click();
    await said(page, "modem-line", "No modem is chosen");
    t.is(await page.evaluate("openPorts"), 0);
    t.deepEqual(errors, []);
  },
);

inBrowser("a modem that the application does not watch is watched by its variable, and let go again", async (t) => {
  const { board, modem } = modelled(t, { watches: false, name: "gsm" });
  const { page, errors } = await workbench(t, "modem", board);
  await choose(page);
  await said(page, "modem-result", '"modem" is no modem there');
  await page.getByLabel("Board's variable for the modem").fill("gsm");
  await choose(page);
  await said(page, "modem-state", "State: ready");
  const listeners = () => (modem as unknown as { _on: { [event: string]: unknown[] } })._on.trace!.length;
  t.is(listeners(), 1);
  await button(page, "Let go").click();
  await said(page, "modem-line", "No modem is chosen");
  t.is(listeners(), 0);
  t.deepEqual(errors, []);
});

inBrowser("a board without the part says what to do", async (t) => {
  const { board } = modelled(t, { part: false, watches: false });
  const { page } = await workbench(t, "modem", board);
  await choose(page);
  await said(page, "modem-result", "This board has no M95-workbench");
  await page.getByLabel("AT command").fill("AT+CSQ");
  t.is(await page.locator(".diagram .now text").textContent(), "off");
});

inBrowser(
  "nothing that a board, its modem or a stranger's message says becomes markup, or a line of the part",
  async (t) => {
    const { board, print } = modelled(t, { modem: { operator: "<img src=x onerror=alert(1)>" } });
    const { page, errors } = await workbench(t, "modem", board);
    await choose(page);
    await said(page, "facts", "<img src=x");
    await said(page, "traffic", "<img src=x");
    const forged = 'M95#1[1,"state","<script>alert(1)</script>"]';
    print(forged);
    print("<img src=y onerror=alert(2)>");
    await page.getByRole("link", { name: "Flash" }).click();
    await said(page, "console", "<img src=y");
    await said(page, "console", "M95#1[1");
    await page.getByRole("link", { name: "Modem" }).click();
    t.is(await page.locator("#modem-state").textContent(), "State: ready");
    t.is(await page.locator("img, #traffic script, #console *").count(), 0);
    t.deepEqual(errors, []);
  },
);

inBrowser(
  "a board that starts anew is still seen; another modem can be chosen meanwhile, and the console stays clear",
  async (t) => {
    const { board, modem, load, exports } = modelled(t);
    const { page, errors } = await workbench(t, "modem", board);
    await choose(page);
    await said(page, "modem-state", "State: ready");
    exports.stop();
    const before = exports.key;
    load();
    t.not(exports.key, before);
    exports.watch(modem, 500);
    modem.stop();
    await said(page, "modem-state", "State: off");
    await page.getByRole("link", { name: "Check-up" }).click();
    await button(page, "Examine").click();
    await said(page, "checkup-state", "Let the board go first");
    t.deepEqual(errors, []);
  },
);

testWith(
  "chromium",
  "socat",
  "ESPRUINO",
)(
  "a real Espruino is flashed with driver, part and application, and its modem is seen while the driver runs there",
  async (t) => {
    const broker = await startAedes();
    const server = await startVirtualM95Server({
      broker: { host: "127.0.0.1", port: broker.port },
      speed: 5,
      modem: { poweredOn: true, operator: "<b>Testnet</b>", dtr: 0 },
    });
    let device = "";
    const pty = await startPty(
      server.port,
      undefined,
      (name) => {
        device = name;
      },
      (error) => t.fail(error.message),
    );
    t.teardown(async () => {
      await pty.close();
      await server.close();
      await broker.stop();
    });
    const apps = path.join(folder, "apps");
    mkdirSync(apps);
    writeFileSync(
      path.join(apps, "watched.js"),
      `Serial1.setup(115200, { path: ${JSON.stringify(device)} });
      var modem = require("M95").connect(Serial1, { apn: { name: "internet", username: "apnuser", password: "apnpass" } }, function (error) {
        print("application: " + (error || "on the network"));
      });
      require("M95-workbench").watch(modem, 4000);
      var mqtt = modem.mqtt({ host: "127.0.0.1", username: "mqttuser", password: "mqttpass" });
      mqtt.on("message", function (topic, text) { print("application: " + topic + " " + text); });
      mqtt.subscribe("board/#", { qos: 1 });`,
    );
    const board = espruino(engine("ESPRUINO")!);
    let output = "";
    const { page, errors } = await workbench(t, "flash", board, apps);
    const { onOutput } = board;
    board.onOutput = (data) => {
      output += data;
      onOutput(data);
    };
    await page.getByLabel("Application", { exact: true }).selectOption("watched.js");
    await page.getByLabel("workbench", { exact: true }).and(page.locator(":checked")).waitFor();
    t.true(await page.getByLabel("info", { exact: true }).isChecked());
    await button(page, "Connect by USB").click();
    await page.getByText("Connected to").waitFor();
    await button(page, "Write to the board").click();
    await page.locator("#result:not(:empty)").waitFor({ timeout: 60_000 });
    t.regex((await page.locator("#result").textContent())!, /^Written and compared: .*M95-workbench \(\d+ bytes\)/);
    await said(page, "console", "application: on the network");

    await page.getByRole("link", { name: "Modem" }).click();
    await chosen(page);
    await said(page, "modem-state", "State: ready");
    await said(page, "traffic", /\+CSQ: \d+,\d+/);
    await said(page, "traffic", "AT+QMTSUB=");
    await said(page, "counters", /commands\d+/);
    const packet = {
      cmd: "publish",
      topic: "board/lamp",
      payload: Buffer.from("<i>on</i>"),
      qos: 1,
      retain: false,
      dup: false,
    } as const;
    await new Promise<void>((resolve, reject) =>
      broker.broker.publish(packet, (error) => (error ? reject(error) : resolve())),
    );
    await said(page, "traffic", "+QMTRECV: 0,");
    await page.getByRole("link", { name: "Flash" }).click();
    await said(page, "console", "application: board/lamp <i>on</i>");
    await said(page, "folded", /\d+ lines of M95-workbench/);
    t.false((await page.locator("#console").textContent())!.includes("M95#"));
    t.is(await page.locator("#view-modem b, #view-modem i, #console *").count(), 0);
    for (const secret of ["apnpass", "mqttpass", "apnuser", "mqttuser"]) t.false(output.includes(secret), secret);
    t.deepEqual(errors, []);
  },
);
