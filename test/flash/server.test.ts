// The server of the flashing page: what may lie in its folders and who may ask. The page itself is tested in a browser.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "ava";
import { servePage } from "./browser.js";

const folder = mkdtempSync(path.join(tmpdir(), "m95-server-"));
test.after.always(() => rmSync(folder, { recursive: true }));

test("folders, links that lead nowhere and pipes with a script's name end nothing, and are not listed", async (t) => {
  const apps = path.join(folder, "apps");
  const at = (name: string) => path.join(apps, name);
  mkdirSync(apps);
  writeFileSync(at("good.js"), "print(1)");
  symlinkSync("good.js", at("linked.js"));
  symlinkSync("nowhere", at("dangling.js"));
  symlinkSync("circle.js", at("circle.js"));
  mkdirSync(at("folder.js"));
  execFileSync("mkfifo", [at("pipe.js")]);
  writeFileSync(at("secret.js"), "");
  chmodSync(at("secret.js"), 0);
  const file = path.join(folder, "no-folder");
  writeFileSync(file, "");
  const url = await servePage(t, { apps, bundles: file });
  const lists = async () => (await fetch(`${url}lists.json`)).json() as Promise<{ apps: { name: string }[] }>;
  for (let again = 0; again < 2; again++) {
    const { apps: listed } = await lists();
    t.deepEqual(
      listed.filter(({ name }) => name !== "secret.js"),
      [
        { name: "good.js", size: 8 },
        { name: "linked.js", size: 8 },
      ],
    );
    for (const name of ["dangling.js", "circle.js", "folder.js", "pipe.js", "..%2fapps%2fgood.js", "none.js"])
      t.is((await fetch(`${url}apps/${name}`)).status, 404, name);
    t.is(await (await fetch(`${url}apps/linked.js`)).text(), "print(1)");
  }
});

test("a file of the page that is missing is not found, and the server goes on", async (t) => {
  const url = await servePage(t, { script: path.join(folder, "none"), page: path.join(folder, "none") });
  for (const name of ["", "page.mjs", "style.css"]) t.is((await fetch(url + name)).status, 404, name);
  t.is((await fetch(`${url}lists.json`)).status, 200);
});

test("a page whose name was made to mean this machine gets nothing", async (t) => {
  const url = new URL(await servePage(t, {}));
  const status = (host: string | undefined) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = host === undefined ? {} : { host };
      const asked = request({ port: url.port, path: "/lists.json", headers, setHost: false }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      asked.on("error", reject).end();
    });
  t.is(await status(`localhost:${url.port}`), 200);
  t.is(await status("127.0.0.1"), 200);
  for (const host of ["evil.example", `evil.example:${url.port}`, "localhost.evil.example", "127.0.0.1.evil.example"])
    t.is(await status(host), 403, host);
});
