// The debugger's side of xsbug's protocol, as far as a test needs it: what a program traces, and where it stopped. It sets
// no breakpoints and lets the program go on at once.

import net from "node:net";

/**
 * Listens on a free loopback port.
 * @param {{ onLine: (line: string) => void, onBreak: (message: string) => void, onEnd: () => void }} heard
 * @returns {Promise<{ port: number, version: () => string, peaks: Map<string, number>, close: () => void }>} `peaks`: the
 * largest sample of each instrument
 */
export async function startXsbug({ onLine, onBreak, onEnd }) {
  let version = "";
  let traced = "";
  let instruments = [];
  const peaks = new Map();
  const sockets = new Set();
  const server = net.createServer((socket) => {
    let text = "";
    sockets.add(socket);
    socket.setEncoding("latin1");
    socket.on("data", (data) => {
      text += data;
      for (let end = text.indexOf("</xsbug>"); end >= 0; end = text.indexOf("</xsbug>")) {
        told(text.slice(0, end), socket);
        text = text.slice(end + "</xsbug>".length);
      }
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      sockets.delete(socket);
      onEnd();
    });
  });

  function told(xml, socket) {
    const login = /<login name="([^"]*)" value="(XS [\d.]+)/.exec(xml);
    if (login) {
      version = login[2];
      socket.write("\r\n<set-all-breakpoints></set-all-breakpoints>\r\n\r\n<go/>\r\n");
    }
    for (const [, log] of xml.matchAll(/<log>([^<]*)/g)) {
      const lines = (traced + plain(log)).split("\n");
      traced = lines.pop();
      lines.forEach(onLine);
    }
    const names = [...xml.matchAll(/<instrument name="([^"]*)"/g)];
    if (names.length > 0) instruments = names.map(([, name]) => name);
    const samples = /<samples>([^<]*)/.exec(xml)?.[1].split(",") ?? [];
    for (const [i, name] of instruments.entries())
      if (i < samples.length) peaks.set(name, Math.max(peaks.get(name) ?? 0, Number(samples[i])));
    const stopped = /<break path="([^"]*)" line="([^"]*)"[^>]*>([^<]*)/.exec(xml);
    if (stopped) {
      onBreak(`${plain(stopped[3]).trim()} (${stopped[1]}:${stopped[2]})`);
      socket.write("\r\n<go/>\r\n");
    }
  }

  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: server.address().port,
    version: () => version,
    peaks,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function plain(xml) {
  return xml
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"')
    .replace(/&apos;/g, "'")
    .replace(/&amp;/g, "&");
}
