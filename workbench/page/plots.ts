// Signal and supply as running plots. It asks no modem.
import uPlot from "uplot";

/** Points that are kept. */
const KEPT = 600;

export class Plot {
  readonly #times: number[] = [];
  readonly #values: (number | null)[] = [];
  readonly #plot: uPlot;

  constructor(
    private readonly into: HTMLElement,
    label: string,
    range: [number, number],
  ) {
    const colour = (name: string) => () => getComputedStyle(into).getPropertyValue(name);
    const axis = { stroke: colour("--soft"), grid: { stroke: colour("--grid") }, ticks: { stroke: colour("--grid") } };
    this.#plot = new uPlot(
      {
        width: this.#width,
        height: 150,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false }, y: { range } },
        axes: [
          { ...axis, values: (_plot, ticks) => ticks.map((tick) => `${tick} s`), size: 30 },
          { ...axis, size: 52 },
        ],
        series: [{}, { label, stroke: colour("--main"), width: 2, points: { show: true, size: 4 } }],
      },
      [[], []],
      into,
    );
    new ResizeObserver(() => this.#plot.setSize({ width: this.#width, height: 150 })).observe(into);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#plot.redraw());
  }

  /** `seconds` since the start; null: unknown. */
  add(seconds: number, value: number | null): void {
    this.#times.push(seconds);
    this.#values.push(value);
    if (this.#times.length > KEPT) {
      this.#times.shift();
      this.#values.shift();
    }
    this.#plot.setData([this.#times, this.#values]);
  }

  clear(): void {
    this.#times.length = this.#values.length = 0;
    this.#plot.setData([[], []]);
  }

  get #width(): number {
    return Math.max(200, this.into.clientWidth);
  }
}
