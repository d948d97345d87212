// Rows of a trace as elements: the traffic as it happens, and a recording that was opened.
import type { Entry } from "../../trace/format.js";
import { type Row, rowKinds, rowsOf } from "../../trace/rows.js";
import { make, shown } from "./dom.js";

/** Rows that a page bears. */
const MOST = 5000;

export function rowElement({ t, kind, lane, text }: Row): HTMLElement {
  const row = make("div", "", { className: `row ${kind} ${lane}` });
  const word = { host: "⚙", out: "→", in: "←", driver: "◆" }[lane];
  row.append(make("span", (t / 1000).toFixed(3), { className: "t" }), make("span", word, { className: "a" }));
  row.append(make("span", shown(text), { className: "x" }));
  row.title = rowKinds[kind];
  return row;
}

/** Fills a list with a trace. Silence of more than half a second is a gap, to scale up to eight seconds. */
export function fill(list: HTMLElement, entries: readonly Entry[]): number {
  const rows = rowsOf(entries);
  let last = 0;
  const elements: HTMLElement[] = [];
  for (const row of rows.slice(0, MOST)) {
    const gap = row.t - last;
    last = row.t;
    if (gap > 500) {
      const silence = make("div", gap >= 1000 ? `${(gap / 1000).toFixed(1)} s` : "", { className: "gap" });
      silence.style.height = `${Math.round(Math.min(gap, 8000) / 80)}px`;
      elements.push(silence);
    }
    elements.push(rowElement(row));
  }
  list.replaceChildren(...elements);
  return rows.length;
}

/** Hides what is not wanted; how many are left. */
export function filter(list: HTMLElement, kinds: ReadonlySet<string>, text: string): number {
  const wanted = text.toLowerCase();
  let left = 0;
  for (const row of list.querySelectorAll<HTMLElement>(".row")) {
    const fits = kinds.has(row.classList[1]!) && (wanted === "" || row.textContent!.toLowerCase().includes(wanted));
    row.hidden = !fits;
    if (fits) left++;
  }
  const all = list.querySelectorAll(".row").length;
  for (const gap of list.querySelectorAll<HTMLElement>(".gap")) gap.hidden = left < all;
  return left;
}
