// Serves the workbench to this machine only: the page, its scripts, the bundles and the example applications.
// It reads files and changes nothing; the page itself talks to the board.
import { accessSync, constants, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import type { PartsList } from "../board/parts.js";

/** Where the files are. All are folders. */
export interface Folders {
  /** index.html and style.css. */
  page: string;
  /** The bundled scripts, page.mjs and workbench.mjs, and uplot.css. */
  script: string;
  /** Modules to choose from, and the driver in parts, if there is a parts.json. */
  bundles: string;
  /** Applications to choose from; may be absent. */
  apps: string;
}

const TYPES: { [suffix: string]: string } = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".js": "application/octet-stream",
};

/** The dialogue of the UART package brings its styles as an element. */
const POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/**
 * Starts the server on the loopback address.
 * @param port - 0 takes a free one
 * @returns the server and its address, which names the host `localhost`: the UART package refuses any other over http
 */
export async function serve(folders: Folders, port = 0): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    const answer = (status: number, type: string, body: string | Buffer) => {
      response.writeHead(status, {
        "content-type": type,
        "content-security-policy": POLICY,
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
      });
      response.end(request.method === "HEAD" ? undefined : body);
    };
    // A page elsewhere could have its own name resolve to this machine.
    const host = (request.headers.host ?? "").replace(/:\d+$/, "");
    if (host !== "localhost" && host !== "127.0.0.1") return answer(403, "text/plain", "Only for this machine");
    if (request.method !== "GET" && request.method !== "HEAD") return answer(405, "text/plain", "Only GET");
    let found: ReturnType<typeof find>;
    try {
      found = find(folders, (request.url ?? "/").replace(/\?.*$/, ""));
    } catch {
      // Gone between looking and reading, or not to be read.
    }
    if (!found) return answer(404, "text/plain", "Not found");
    answer(200, found.type, found.body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return { server, url: `http://localhost:${(server.address() as AddressInfo).port}/` };
}

/** What there is under a path. Only names that the lists have are served, so none can lead out of the folders. */
function find(folders: Folders, pathname: string): { type: string; body: string | Buffer } | undefined {
  if (pathname === "/lists.json")
    return {
      type: TYPES[".json"]!,
      body: JSON.stringify({
        bundles: scripts(folders.bundles),
        apps: scripts(folders.apps),
        parts: partsIn(folders.bundles),
      }),
    };
  const [, folder, name] = /^\/(?:(bundles|apps)\/)?([^/]*)$/.exec(pathname) ?? [];
  if (folder === "bundles" || folder === "apps") {
    const parts = folder === "bundles" ? (partsIn(folders.bundles)?.files ?? []) : [];
    const names = [
      ...scripts(folders[folder]).map((script) => script.name),
      ...parts.flatMap((one) => [one.file, one.plain]),
    ];
    const listed = names.find((one) => encodeURIComponent(one) === name);
    return listed === undefined ? undefined : file(folders[folder], listed);
  }
  if (name === "") return file(folders.page, "index.html");
  if (name === "style.css") return file(folders.page, name);
  if (name === "page.mjs" || name === "workbench.mjs" || name === "uplot.css") return file(folders.script, name);
  return undefined;
}

function file(folder: string, name: string): { type: string; body: Buffer } {
  return { type: TYPES[path.extname(name)] ?? TYPES[".js"]!, body: readFileSync(path.join(folder, name)) };
}

/** The driver in parts, if it is there; its files may only be in the same folder or below it. */
function partsIn(folder: string): PartsList | undefined {
  try {
    const list = JSON.parse(readFileSync(path.join(folder, "parts.json"), "utf8")) as PartsList;
    const isBelow = (name: string) => !path.isAbsolute(name) && !name.split(/[\\/]/).includes("..");
    return list.files.every(({ file, plain }) => isBelow(file) && isBelow(plain)) ? list : undefined;
  } catch {
    return undefined;
  }
}

/** Scripts that can be read. A folder may have a script's name, a link may lead nowhere, and a pipe would be waited for. */
function scripts(folder: string): { name: string; size: number }[] {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith(".js"));
  } catch {
    return [];
  }
  return names.sort().flatMap((name) => {
    try {
      const stat = statSync(path.join(folder, name));
      if (!stat.isFile()) return [];
      accessSync(path.join(folder, name), constants.R_OK);
      return [{ name, size: stat.size }];
    } catch {
      return [];
    }
  });
}
