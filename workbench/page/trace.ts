// The view Trace: what was recorded here, or a file, as rows with a search and filters.
import { type Entry, parseTrace } from "../../trace/format.js";
import { rowKinds } from "../../trace/rows.js";
import type { Bench } from "./bench.js";
import { element, field, make, messageOf, save, tell } from "./dom.js";
import { fill, filter } from "./rows.js";

export function traceView(bench: Bench): void {
  const list = element("trace-rows");
  let name = "this page";

  const refilter = (): void => {
    const boxes = [...element("trace-kinds").querySelectorAll("input")];
    const kinds = new Set(boxes.filter(({ checked }) => checked).map(({ value }) => value));
    const all = list.querySelectorAll(".row").length;
    tell("trace-state", `${filter(list, kinds, field("trace-search"))} of ${all} rows, ${name}`);
  };
  const show = (entries: readonly Entry[], from: string): void => {
    name = from;
    fill(list, entries);
    refilter();
  };

  for (const [kind, label] of Object.entries(rowKinds)) {
    const box = make("label");
    box.append(make("input", "", { type: "checkbox", value: kind, checked: true }), ` ${label}`);
    element("trace-kinds").append(box);
  }
  element("trace-kinds").addEventListener("change", refilter);
  element("trace-search").addEventListener("input", refilter);
  element<HTMLInputElement>("trace-record").addEventListener("change", (event) => {
    bench.recording = (event.target as HTMLInputElement).checked;
  });
  element("trace-show").addEventListener("click", () => show(bench.entries, "of this page"));
  element("trace-save").addEventListener("click", () => {
    if (bench.trace === "") tell("trace-state", "Nothing was recorded yet.", "bad");
    else save("m95-trace.jsonl", bench.trace, "application/jsonl");
  });
  element<HTMLInputElement>("trace-file").addEventListener("change", async (event) => {
    const file = (event.target as HTMLInputElement).files?.[0];
    if (!file) return;
    try {
      show(parseTrace(await file.text()), file.name);
    } catch (error) {
      tell("trace-state", messageOf(error), "bad");
    }
  });
}
