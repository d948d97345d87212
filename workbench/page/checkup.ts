// The view Check-up: the doctor on the modem of the workbench, row by row, and its report to save.

import type { ExamineOptions, Row } from "../../doctor/examination.js";
import { examine } from "../../doctor/examine.js";
import { markdown, type Report, reportOf } from "../../doctor/report.js";
import type { Bench } from "./bench.js";
import { element, field, make, messageOf, save, shown, tell } from "./dom.js";

const marks = { ok: "✔", note: "·", warning: "!", fault: "✘", skipped: "–" };

export function checkupView(bench: Bench): void {
  const body = element<HTMLTableSectionElement>("checkup-rows");
  const run = element<HTMLButtonElement>("checkup-run");
  let report: Report | undefined;

  const row = ({ stage, asked, seen, verdict }: Row): void => {
    const line = make("tr", "", { className: verdict });
    for (const text of [stage, asked, seen]) line.append(make("td", shown(text)));
    line.append(make("td", `${marks[verdict]} ${verdict}`));
    body.append(line);
    tell("checkup-state", `${stage}: ${asked}`);
  };

  const finish = (done: Report): void => {
    report = done;
    const list = element("checkup-findings");
    list.replaceChildren();
    if (done.findings.length === 0) list.append(make("li", "Nothing was found.", { className: "good" }));
    for (const { verdict, says, detail, todo, place } of done.findings) {
      const item = make("li", "", { className: verdict });
      item.append(make("strong", shown(says)), ` (${shown(detail)}). `, shown(todo), " ", make("code", place));
      list.append(item);
    }
    for (const id of ["save-markdown", "save-json"]) element<HTMLButtonElement>(id).disabled = false;
    tell("checkup-state", `Done: ${done.verdict}.`, done.verdict === "ok" ? "good" : "bad");
  };

  element("checkup-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void (async () => {
      run.disabled = true;
      body.replaceChildren();
      element("checkup-findings").replaceChildren();
      try {
        if (bench.board)
          throw new Error("A board has this modem: the check-up wants the line itself. Let the board go first.");
        if (!bench.line) await bench.useVirtual();
        if (bench.modem && bench.modem.state !== "off") {
          tell("checkup-state", "Stopping the driver, which has the line.");
          await bench.stop();
        }
        const { line, key, baud } = bench;
        const options: ExamineOptions = {
          clock: bench.clock,
          baud,
          onRow: row,
          quick: element<HTMLInputElement>("quick").checked,
        };
        const [apn, pin, broker, user, password] = ["modem-apn", "pin", "host", "mqtt-user", "mqtt-password"].map(
          field,
        );
        if (apn) options.apn = apn;
        if (pin) options.pin = pin;
        if (broker) options.broker = { host: broker, port: Number(field("option-port")) || 1883 };
        if (user) options.user = user;
        if (password) options.password = password;
        if (key) options.key = key;
        // The recorder stands between the line and the check-up.
        const wire = { write: (data: string) => line!.write(data), onReceive: (_chunk: string) => {} };
        const port = { ...line!, write: (data: string) => wire.write(data), onReceive: (_chunk: string) => {} };
        line!.onReceive = (chunk) => wire.onReceive(chunk);
        wire.onReceive = (chunk) => port.onReceive(chunk);
        const recorder = bench.recorder();
        recorder.begin({}, bench.clock);
        recorder.attach({ uart: wire, options: {} });
        finish(reportOf(await examine(port, options)));
        recorder.close();
      } catch (error) {
        tell("checkup-state", messageOf(error), "bad");
      }
      run.disabled = false;
    })();
  });
  const date = (): string => new Date().toISOString();
  element("save-markdown").addEventListener("click", () => {
    if (report) save("m95-check-up.md", markdown(report, date().slice(0, 10)), "text/markdown");
  });
  element("save-json").addEventListener("click", () => {
    if (report) save("m95-check-up.json", JSON.stringify({ date: date(), ...report }, null, 2), "application/json");
  });
}
