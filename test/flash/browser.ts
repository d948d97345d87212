// Chromium on the flashing page, with stand-ins for navigator.serial and navigator.bluetooth whose other end is a board
// in this process. It looks for Chromium, starts it, and tests nothing.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ExecutionContext } from "ava";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { type Folders, serve } from "../../flash/web/server.js";
import { findProgram } from "../support/needs.js";
import type { Board } from "./pty.js";

const root = process.cwd();

/** What the page's scripts are made of. */
const SOURCES = ["flash", "workbench", "targets/web", "doctor", "trace", "virtual-m95", "board-wiring", "core"];

/** When a folder's newest source was written, ms. */
function newest(folder: string): number {
  const files = readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" });
  return Math.max(...files.map((name) => statSync(path.join(root, folder, name)).mtimeMs));
}

function isFresh(): boolean {
  try {
    const built = ["page.mjs", "workbench.mjs"].map(
      (name) => statSync(path.join(root, "build/flash/web", name)).mtimeMs,
    );
    return SOURCES.every((folder) => newest(folder) < Math.min(...built));
  } catch {
    return false;
  }
}

/**
 * Builds the page's scripts, where that was not done since their sources changed; the rest of the page needs no building. One
 * process at a time, since tests of several files want the page at once.
 */
async function buildPage(): Promise<void> {
  const lock = path.join(root, "build/flash/web.lock");
  for (let waited = 0; ; waited += 100) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      // Whoever had it may have been killed.
      if (waited > 120_000) rmSync(lock, { recursive: true, force: true });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  try {
    if (isFresh()) return;
    const bin = (name: string) => path.join(root, "node_modules", ".bin", name);
    for (const project of ["flash/web", "workbench"]) execFileSync(bin("tsc"), ["-p", project], { cwd: root });
    execFileSync(bin("rollup"), ["-c", "flash/web/rollup.config.js", "--silent"], { cwd: root });
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** The folders of the page, with others for bundles and applications. */
export async function servePage(t: ExecutionContext, over: Partial<Folders>): Promise<string> {
  const { server, url } = await serve({
    page: path.join(root, "flash", "web"),
    script: path.join(root, "build", "flash", "web"),
    bundles: path.join(root, "dist", "espruino"),
    apps: path.join(root, "examples", "espruino"),
    ...over,
  });
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return url;
}

/** Starts Chromium with a profile of its own. */
async function startChromium(): Promise<{ context: BrowserContext; stop: () => Promise<void> }> {
  const profile = mkdtempSync(path.join(tmpdir(), "m95-chromium-"));
  const quiet = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"];
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: findProgram("chromium")!,
    headless: true,
    args: ["--no-sandbox", "--disable-gpu", ...quiet, "--disable-sync"],
  });
  const stop = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  };
  return { context, stop };
}

/** One Chromium for all tests of a file, started by the first that needs it, with the page's scripts built. */
export function sharedChromium(): { context: () => Promise<BrowserContext>; stop: () => Promise<void> } {
  let started: ReturnType<typeof startChromium> | undefined;
  const start = async () => {
    await buildPage();
    return startChromium();
  };
  return {
    async context() {
      started ??= start();
      return (await started).context;
    },
    async stop() {
      if (started) await (await started).stop();
    },
  };
}

/** Opens a page in which `navigator.serial` leads to a board, or is missing. */
export async function openPage(
  t: ExecutionContext,
  context: BrowserContext,
  url: string,
  board: Board | undefined,
): Promise<{ page: Page; errors: string[] }> {
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  if (board) {
    // Binary strings cross as they are: Playwright passes JSON.
    await page.exposeFunction("toBoard", (data: string) => board.receive(data));
    await page.addInitScript(standIn);
    board.onOutput = (data) => {
      page.evaluate((bytes) => (globalThis as unknown as Browser).fromBoard?.(bytes), data).catch(() => {});
    };
  } else
    await page.addInitScript(() => {
      Object.defineProperty((globalThis as unknown as Browser).navigator, "serial", { value: undefined });
    });
  t.teardown(async () => {
    board?.close();
    await page.close();
  });
  await page.goto(url);
  await page.locator("#app option").nth(1).waitFor({ state: "attached" });
  return { page, errors };
}

/** The page's globals, with what the stand-in adds to them. */
export interface Browser {
  toBoard(data: string): Promise<void>;
  fromBoard?: (data: string) => void;
  /** Makes requestPort fail as when the user closes the browser's window. */
  refuse?: boolean;
  openPorts: number;
  navigator: { serial?: EventTarget };
}

/** Runs in the page: a serial port with streams as Web Serial has them, and a Bluetooth device; no hardware. */
function standIn(): void {
  const browser = globalThis as unknown as Browser;
  browser.openPorts = 0;
  const bytes = (text: string) => Uint8Array.from(text, (byte) => byte.charCodeAt(0));
  const text = (data: Uint8Array) => String.fromCharCode(...data);
  const port = {
    readable: undefined as ReadableStream<Uint8Array> | undefined,
    writable: undefined as WritableStream<ArrayBuffer> | undefined,
    async open({ baudRate }: { baudRate: number }) {
      if (!baudRate) throw new TypeError("No baud rate");
      browser.openPorts++;
      this.readable = new ReadableStream({
        start(controller) {
          browser.fromBoard = (data) => controller.enqueue(bytes(data));
        },
      });
      this.writable = new WritableStream({ write: (data) => browser.toBoard(text(new Uint8Array(data))) });
    },
    async close() {
      // As the real one: it cannot be closed while somebody reads.
      if (this.readable?.locked) throw new TypeError("Cannot cancel a locked stream");
      browser.openPorts--;
    },
  };
  const serial = Object.assign(new EventTarget(), {
    async requestPort() {
      if (browser.refuse) throw new DOMException("No port selected by the user.", "NotFoundError");
      return port;
    },
  });
  Object.defineProperty(browser.navigator, "serial", { value: serial });

  // The same board by Bluetooth: the Nordic UART, 20 bytes at a time.
  const fromBoard = Object.assign(new EventTarget(), {
    value: new DataView(new ArrayBuffer(0)),
    async startNotifications() {
      browser.fromBoard = (data) => {
        for (let i = 0; i < data.length; i += 20) {
          fromBoard.value = new DataView(bytes(data.slice(i, i + 20)).buffer);
          fromBoard.dispatchEvent(new Event("characteristicvaluechanged"));
        }
      };
    },
  });
  const toBoard = {
    busy: false,
    async writeValue(data: ArrayBuffer) {
      if (data.byteLength > 20) throw new TypeError("Too long for one packet");
      if (this.busy) throw new DOMException("GATT operation already in progress.", "NetworkError");
      this.busy = true;
      await browser.toBoard(text(new Uint8Array(data)));
      this.busy = false;
    },
  };
  const service = {
    getCharacteristic: async (uuid: string) => (uuid.startsWith("6e400003") ? fromBoard : toBoard),
  };
  const server = { getPrimaryService: async () => service, disconnect: () => browser.openPorts-- };
  const device = Object.assign(new EventTarget(), {
    name: "Espruino",
    id: "1",
    gatt: {
      async connect() {
        browser.openPorts++;
        return server;
      },
    },
  });
  Object.defineProperty(browser.navigator, "bluetooth", { value: { requestDevice: async () => device } });
}
