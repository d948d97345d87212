// The workbench in a real Chromium: a virtual M95 in the page, and one behind a stand-in for Web Serial. No hardware.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import type { Page } from "playwright-core";
import { CLIENT_OPTIONS } from "../../core/mqtt/options.js";
import { parseTrace } from "../../trace/format.js";
import { MemoryBroker, ScaledClock, VirtualM95, type VirtualM95Options } from "../../virtual-m95/index.js";
import { openPage, servePage, sharedChromium } from "../flash/browser.js";
import type { Board } from "../flash/pty.js";
import { testWith } from "../support/test-with.js";

const inBrowser = testWith("chromium");

const { context, stop } = sharedChromium();

test.after.always(stop);

async function workbench(t: ExecutionContext, view: string, board?: Board): Promise<{ page: Page; errors: string[] }> {
  t.timeout(120_000);
  const started = await context();
  const url = await servePage(t, {});
  const { page, errors } = await openPage(t, started, url, board);
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  await page.goto(`${url}#${view}`);
  return { page, errors };
}

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const said = (page: Page, id: string, text: string) =>
  page.locator(`#${id}`, { hasText: text }).waitFor({ timeout: 60_000 });

async function virtual(page: Page): Promise<void> {
  await button(page, "Try a virtual M95").click();
  await said(page, "modem-state", "State: ready");
}

/** From a modem that is ready to the first message of its own. */
async function exchange(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Messages" }).click();
  await button(page, "Connect").click();
  await said(page, "mqtt-state", "connected");
  await button(page, "Subscribe").click();
  await said(page, "subscribe-result", "Granted: test/#: QoS 0");
  await button(page, "Publish").click();
  await said(page, "publish-result", "Done in");
  await said(page, "message-list", "Hello from the workbench");
}

inBrowser("a newcomer gets to a message on a topic of the virtual M95 in under a minute", async (t) => {
  const { page, errors } = await workbench(t, "modem");
  const began = performance.now();
  await virtual(page);
  await exchange(page);
  t.true(performance.now() - began < 60_000);
  await page.getByLabel("bytes as hexadecimal").check();
  await page.locator("#message-list .hex", { hasText: "48 65 6c 6c 6f" }).waitFor();
  await page.getByRole("link", { name: "Modem" }).click();
  await said(page, "facts", "Testnet");
  t.is(await page.locator(".diagram .now text").textContent(), "ready");
  t.is(await page.locator(".uplot canvas").count(), 2);
  t.deepEqual(errors, []);
});

/** A virtual M95 with a broker, as the other end of the stand-in. */
function wired(options: Partial<VirtualM95Options> = {}): Board & { virtual: VirtualM95 } {
  const clock = new ScaledClock();
  const broker = new MemoryBroker({ clock, latency: 30 });
  const modem = new VirtualM95({
    clock,
    network: broker.network,
    poweredOn: true,
    hostBaud: 0,
    dtr: 0,
    protocolVersion: 4,
    ...options,
  });
  const board = {
    virtual: modem,
    receive: (data: string) => modem.uart.write(data),
    onOutput: (_data: string) => {},
    close: () => modem.dispose(),
  };
  modem.uart.onReceive = (chunk) => board.onOutput(chunk);
  return board as Board & { virtual: VirtualM95 };
}

inBrowser("the driver in the page speaks to a modem through Web Serial", async (t) => {
  const board = wired();
  const { page, errors } = await workbench(t, "modem", board);
  await button(page, "Choose a modem on USB").click();
  await said(page, "modem-line", "on an adapter");
  await button(page, "Start").click();
  await said(page, "modem-state", "State: ready");
  await exchange(page);
  await page.getByRole("link", { name: "Modem" }).click();
  await page.getByLabel("AT command").fill("AT+CSQ");
  await button(page, "Send").click();
  await said(page, "at-answer", "+CSQ: 21,0");
  await button(page, "Stop").click();
  await said(page, "modem-state", "State: off");
  await button(page, "Let go").click();
  await said(page, "modem-line", "No modem is chosen");
  t.is(await page.evaluate("openPorts"), 0);
  t.deepEqual(board.virtual.violations, []);
  t.deepEqual(errors, []);
});

inBrowser("nothing that a modem says becomes markup", async (t) => {
  const { page, errors } = await workbench(t, "modem", wired({ operator: "<img src=x onerror=alert(1)>" }));
  await button(page, "Choose a modem on USB").click();
  await said(page, "modem-line", "on an adapter");
  await button(page, "Start").click();
  await said(page, "facts", "<img src=x");
  t.is(await page.locator("#view-modem img").count(), 0);
  t.deepEqual(errors, []);
});

inBrowser("a fault that is switched on shows in the recovery of the driver", async (t) => {
  const { page } = await workbench(t, "modem");
  await virtual(page);
  await button(page, "pdp-drop").click();
  await said(page, "recovery", "+PDP DEACT: pdp, attempt 1");
  await said(page, "modem-state", "State: ready");
  t.pass();
});

inBrowser("the check-up runs in the page, finds what is planted, and its report can be saved", async (t) => {
  const { page, errors } = await workbench(t, "modem");
  await virtual(page);
  await page.getByRole("link", { name: "Check-up" }).click();
  await page.getByLabel("quick").check();
  await button(page, "Examine").click();
  await said(page, "checkup-state", "Done: ok");
  await said(page, "checkup-findings", "Nothing was found");
  const downloading = page.waitForEvent("download");
  await button(page, "Save as Markdown").click();
  t.regex(readFileSync(await (await downloading).path(), "utf8"), /^# Check-up of an M95/);
  await page.getByRole("link", { name: "Modem" }).click();
  await button(page, "broker-down").click();
  await page.getByRole("link", { name: "Check-up" }).click();
  await button(page, "Examine").click();
  await said(page, "checkup-state", "Done: fault");
  t.regex((await page.locator("#checkup-findings li").first().textContent())!, /nobody answers at the broker/);
  t.deepEqual(errors, []);
});

inBrowser("a trace is shown, searched, filtered, saved and opened again", async (t) => {
  const { page, errors } = await workbench(t, "modem");
  await virtual(page);
  await page.getByRole("link", { name: "Trace" }).click();
  await button(page, "Show what was recorded").click();
  await said(page, "trace-state", "of this page");
  const rows = page.locator("#trace-rows .row:visible");
  const all = await rows.count();
  t.true(all > 20);
  await page.getByLabel("Search").fill("CREG");
  const found = await rows.count();
  t.true(found > 0 && found < all);
  await page.getByLabel("Search").fill("");
  await page.getByLabel("answers").uncheck();
  t.is(await page.locator("#trace-rows .answer:visible").count(), 0);
  const downloading = page.waitForEvent("download");
  await button(page, "Save it").click();
  const file = await (await downloading).path();
  t.true(parseTrace(readFileSync(file, "utf8")).length > 20);
  await page
    .getByLabel("Open a trace")
    .setInputFiles({ name: "field.jsonl", mimeType: "application/jsonl", buffer: readFileSync(file) });
  await said(page, "trace-state", "field.jsonl");
  await page
    .getByLabel("Open a trace")
    .setInputFiles({ name: "x", mimeType: "text/plain", buffer: Buffer.from("no\n") });
  await said(page, "trace-state", "line 1 is no entry of a trace");
  t.deepEqual(errors, []);
});

inBrowser(
  "the connection form has every option of the driver's table, with its limits; what was typed survives",
  async (t) => {
    const { page } = await workbench(t, "messages");
    const rows = CLIENT_OPTIONS.split("\n").slice(1);
    t.is(await page.locator("#options .field").count(), rows.length);
    await page.getByText("All options").click();
    const keepalive = page.getByLabel("keepalive");
    t.is(await keepalive.getAttribute("max"), "3600");
    await keepalive.fill("77");
    await page.getByLabel("Broker, host", { exact: true }).fill("kept.example");
    await page.getByLabel("Password", { exact: true }).fill("secret");
    await page.keyboard.press("Tab");
    await page.reload();
    t.is(await page.getByLabel("Broker, host", { exact: true }).inputValue(), "kept.example");
    t.is(await page.locator("#option-keepalive").inputValue(), "77");
    t.is(await page.getByLabel("Password", { exact: true }).inputValue(), "");
    await button(page, "Connect").click();
    await said(page, "mqtt-result", "Start the modem first");
  },
);

inBrowser("each view fits into 320 px, and can be gone to with the keys", async (t) => {
  const { page, errors } = await workbench(t, "flash");
  await page.setViewportSize({ width: 320, height: 700 });
  const views = ["Flash", "Modem", "Messages", "Check-up", "Trace"];
  await page.locator("#views a").first().focus();
  for (const [i, name] of views.entries()) {
    if (i > 0) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.locator("#views a[aria-current]", { hasText: name }).waitFor();
    t.true((await page.evaluate<number>("document.documentElement.scrollWidth")) <= 320, name);
  }
  for (const width of [320, 768, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    t.is(await page.locator("[id^=view-]:visible").count(), 1, `${width}`);
  }
  t.deepEqual(errors, []);
});

test("m95-workbench says where the page is, and wrong calls have an exit code of their own", async (t) => {
  const cli = path.resolve("build/workbench/cli.js");
  const child = spawn(process.execPath, [cli, "--no-open"], { stdio: ["ignore", "pipe", "inherit"] });
  t.teardown(() => child.kill());
  const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  const url = /http:\/\/localhost:(\d+)\//.exec(line)!;
  t.is((await fetch(url[0])).status, 200);
  const policy = (await fetch(url[0])).headers.get("content-security-policy")!;
  t.regex(policy, /default-src 'self'/);
  t.false(/script-src/.test(policy));
  const run = (...args: string[]) => spawnSync(process.execPath, [cli, ...args], { encoding: "utf8" });
  t.is(run("--port-http", url[1]!, "--no-open").status, 1);
  t.is(run("--port-http", "none").status, 2);
  t.is(run("--help").status, 0);
  t.regex(run("--version").stdout, /^\d+\.\d+\.\d+\n$/);
});
