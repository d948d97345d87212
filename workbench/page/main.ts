// The workbench: its views, and the way from one to the other. What each does is in its own file.
import { Bench } from "./bench.js";
import { checkupView } from "./checkup.js";
import { element } from "./dom.js";
import { messagesView } from "./messages.js";
import { modemView } from "./modem.js";
import { traceView } from "./trace.js";

const bench = new Bench();
for (const view of [modemView, messagesView, checkupView, traceView]) view(bench);

const tabs = [...document.querySelectorAll<HTMLAnchorElement>("#views a")];

/** Shows the view that the address names; Flash without one. */
function go(): void {
  const wanted = location.hash.slice(1);
  const name = tabs.some((tab) => tab.hash === `#${wanted}`) ? wanted : "flash";
  for (const tab of tabs) {
    const current = tab.hash === `#${name}`;
    if (current) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
    element(`view-${tab.hash.slice(1)}`).hidden = !current;
  }
  // Hidden, they could not follow their end.
  for (const log of document.querySelectorAll(`#view-${name} [role=log]`)) log.scrollTop = log.scrollHeight;
  scrollTo(0, 0);
}
addEventListener("hashchange", go);
go();

/** What was typed survives a reload; secrets do not. */
const KEPT = "m95-workbench";
const SECRET = ["pin", "mqtt-password"];
const fields = [...document.querySelectorAll<HTMLInputElement>("#view-modem input, #view-messages input")].filter(
  ({ id, type }) => id !== "" && type !== "checkbox" && !SECRET.includes(id),
);
try {
  const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Record<string, string>;
  for (const one of fields) one.value = kept[one.id] ?? one.value;
} catch {
  // What is there is not ours.
}
addEventListener("change", () => {
  localStorage.setItem(KEPT, JSON.stringify(Object.fromEntries(fields.map(({ id, value }) => [id, value]))));
});
