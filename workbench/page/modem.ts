// The view Modem: choosing one, also that of a board, its state, signal and supply, counters, recovery, traffic, and the virtual one's
// faults.
import type { Entry } from "../../trace/format.js";
import { Rows } from "../../trace/rows.js";
import { faultTable, faultUsage } from "../../virtual-m95/faults/index.js";
import { type Bench, serial } from "./bench.js";
import { BoardWatch } from "./board.js";
import { Diagram } from "./diagram.js";
import { append, element, field, make, messageOf, shown, tell } from "./dom.js";
import { Plot } from "./plots.js";
import { rowElement } from "./rows.js";

/** ms from one look at signal and supply to the next. */
const LOOK = 5000;
const TRAFFIC = 1000;

/** Counters that are shown first; the rest stays out of the way until it is asked for. */
const FIRST = ["bytes", "commands", "timeouts", "connects", "published", "received", "restarts", "reconnects"];

export function modemView(bench: Bench): void {
  const diagram = new Diagram(element("diagram"));
  const signal = new Plot(element("plot-signal"), "dBm", [-115, -50]);
  const supply = new Plot(element("plot-supply"), "mV", [3200, 4700]);
  const traffic = element("traffic");
  let rows = new Rows();
  let began = 0;
  let timer: unknown;

  const refresh = (): void => {
    const there = bench.line !== undefined || bench.board;
    const running = bench.modem !== undefined && !["off", "failed"].includes(bench.modem.state);
    element<HTMLButtonElement>("start").disabled = bench.line === undefined || running;
    element<HTMLButtonElement>("stop").disabled = !running;
    element<HTMLButtonElement>("let-go").disabled = !there;
    element("faults-area").hidden = bench.virtual === undefined;
    const what = bench.virtual ? "A virtual M95 in this page, with a broker in memory." : "A modem on an adapter.";
    const board = "The modem of an Espruino board, as its own driver tells. The board's console is in the view Flash.";
    tell("modem-line", bench.board ? board : there ? what : "No modem is chosen.");
  };

  const facts = (list: Record<string, string | undefined>): void => {
    const known = element("facts");
    for (const [name, value] of Object.entries(list)) {
      const id = `fact-${name}`;
      let cell = document.getElementById(id);
      if (!cell) {
        cell = make("dd", "", { id });
        known.append(make("dt", name), cell);
      }
      cell.textContent = shown(value ?? "unknown");
    }
  };

  const count = (stats: Record<string, number> | undefined): void => {
    if (!stats) return;
    const names = Object.keys(stats).filter((name) => FIRST.includes(name) || stats[name]! > 0);
    element("counters").replaceChildren(
      ...names.flatMap((name) => [make("dt", name), make("dd", String(stats[name]))]),
    );
  };

  const showState = (state: string): void => {
    diagram.show(state);
    tell("modem-state", `State: ${state}`);
  };

  const showStep = (text: string): void => append(element("recovery"), make("li", shown(text)), 200);

  const clear = (): void => {
    for (const plot of [signal, supply]) plot.clear();
    for (const id of ["recovery", "facts", "counters"]) element(id).replaceChildren();
  };

  const look = (): void => {
    const { modem } = bench;
    clearTimeout(timer as number);
    timer = setTimeout(look, LOOK);
    count(modem?.stats as unknown as Record<string, number> | undefined);
    if (modem?.state !== "ready") return;
    const seconds = (performance.now() - began) / 1000;
    modem.signal((error, value) => {
      if (!error) signal.add(seconds, value?.dbm ?? null);
    });
    modem.battery((error, value) => {
      if (!error) supply.add(seconds, value?.millivolts ?? null);
    });
  };

  const ready = (): void => {
    const { modem } = bench;
    modem?.operator((_error, value) => facts({ operator: value?.name }));
    modem?.command("AT+QILOCIP", (_error, lines) => facts({ address: lines?.[0] }));
    modem?.identity((_error, value) => facts({ revision: value?.revision, model: value?.model }));
    look();
  };

  const start = (): void => {
    tell("modem-result", "");
    try {
      const pin = field("pin");
      const modem = bench.start({ apn: field("modem-apn"), ...(pin !== "" && { pin }) });
      began = performance.now();
      clear();
      modem.on("state", (state) => {
        showState(state);
        refresh();
        if (state === "ready") ready();
      });
      modem.on("recovery", ({ cause, step, attempt }) => showStep(`${cause}: ${step}, attempt ${attempt}`));
      modem.on("error", (error) => tell("modem-result", messageOf(error), "bad"));
      modem.start((error) => {
        if (error) tell("modem-result", messageOf(error), "bad");
      });
      look();
    } catch (error) {
      tell("modem-result", messageOf(error), "bad");
    }
    refresh();
  };

  const watch = new BoardWatch(bench, {
    say: (text, kind) => tell("modem-result", text, kind),
    told(told) {
      if (told.state !== undefined) showState(told.state);
      if (told.recovery !== undefined) showStep(told.recovery);
      if (told.error !== undefined) tell("modem-result", told.error, "bad");
      if (told.stats) count(told.stats);
      if (told.facts) facts(told.facts);
      if (told.signal !== undefined) signal.add(told.t / 1000, told.signal);
      if (told.supply !== undefined) supply.add(told.t / 1000, told.supply);
    },
  });

  const choose = async (what: () => Promise<void>): Promise<void> => {
    tell("modem-result", "");
    try {
      await what();
      diagram.show("off");
    } catch (error) {
      tell("modem-result", messageOf(error), "bad");
    }
    refresh();
  };

  element("use-virtual").addEventListener("click", () => void choose(() => bench.useVirtual()).then(start));
  const usb = element<HTMLButtonElement>("use-serial");
  usb.disabled = serial === undefined;
  element("serial-hint").hidden = serial !== undefined;
  usb.addEventListener("click", () => void choose(() => bench.useSerial(Number(field("modem-baud")))));
  const onBoard = element<HTMLButtonElement>("use-board");
  onBoard.disabled = serial === undefined;
  onBoard.addEventListener("click", () => watch.choose());
  element("let-go").addEventListener("click", () => void choose(() => bench.letGo()));
  element("start").addEventListener("click", start);
  element("stop").addEventListener("click", () => void bench.stop().then(refresh));
  element("clear-traffic").addEventListener("click", () => traffic.replaceChildren());
  element("at-form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (bench.board) {
      tell("at-answer", "Sent: the answer is in the traffic.");
      watch.ask(field("at")).catch((error) => tell("at-answer", messageOf(error), "bad"));
      return;
    }
    bench.modem?.command(field("at"), (error, lines) =>
      tell("at-answer", error ? messageOf(error) : (lines ?? []).join(" · ") || "OK", error ? "bad" : "good"),
    );
  });

  bench.addEventListener("begun", () => {
    rows = new Rows();
    traffic.replaceChildren();
    if (bench.board) clear();
  });
  bench.addEventListener("entry", (event) => {
    for (const row of rows.add((event as CustomEvent<Entry>).detail)) append(traffic, rowElement(row), TRAFFIC);
  });
  bench.addEventListener("changed", refresh);

  for (const [name, { help }] of Object.entries(faultTable)) {
    const button = make("button", name, { type: "button", title: `${faultUsage(name)}: ${help}` });
    button.addEventListener("click", () => {
      bench.virtual?.faults.start(name);
      tell("fault-said", `${name}: ${help}`);
    });
    element("faults").append(button);
  }
  element("faults-off").addEventListener("click", () => {
    bench.virtual?.faults.endAll();
    tell("fault-said", "All faults have ended.");
  });
  refresh();
}
