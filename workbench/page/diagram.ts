// The modem's states as a diagram in which the current one is lit, and those it came through are marked. It knows no modem.

const SVG = "http://www.w3.org/2000/svg";

/** Where each state stands: column, row. */
const places: Record<string, [number, number]> = {
  off: [0, 0],
  starting: [1, 0],
  syncing: [2, 0],
  sim: [3, 0],
  registering: [3, 1],
  attaching: [2, 1],
  ready: [1, 1],
  recovering: [2, 2],
  stopping: [0, 1],
  failed: [3, 2],
};

const arrows: [string, string][] = [
  ["off", "starting"],
  ["starting", "syncing"],
  ["syncing", "sim"],
  ["sim", "registering"],
  ["registering", "attaching"],
  ["attaching", "ready"],
  ["ready", "recovering"],
  ["ready", "stopping"],
  ["stopping", "off"],
  ["recovering", "failed"],
];

const [WIDTH, HEIGHT, GAP_X, GAP_Y] = [104, 34, 28, 30];

function svg(tag: string, attributes: Record<string, string | number>): SVGElement {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}

const left = (state: string): number => places[state]![0] * (WIDTH + GAP_X) + 2;
const top = (state: string): number => places[state]![1] * (HEIGHT + GAP_Y) + 2;

export class Diagram {
  readonly #boxes = new Map<string, SVGElement>();
  readonly #title: SVGElement;

  constructor(into: HTMLElement) {
    const root = svg("svg", {
      viewBox: `0 0 ${4 * WIDTH + 3 * GAP_X + 4} ${3 * HEIGHT + 2 * GAP_Y + 4}`,
      role: "img",
      class: "diagram",
    });
    this.#title = svg("title", {});
    root.append(this.#title);
    const marker = svg("marker", {
      id: "arrow",
      viewBox: "0 0 8 8",
      refX: 7,
      refY: 4,
      markerWidth: 7,
      markerHeight: 7,
      orient: "auto",
    });
    marker.append(svg("path", { d: "M0,0L8,4L0,8z" }));
    const definitions = svg("defs", {});
    definitions.append(marker);
    root.append(definitions);
    for (const [from, to] of arrows) root.append(this.#arrow(from, to));
    for (const state of Object.keys(places)) {
      const group = svg("g", { class: "state" });
      const text = svg("text", { x: left(state) + WIDTH / 2, y: top(state) + HEIGHT / 2 + 5, "text-anchor": "middle" });
      text.textContent = state;
      group.append(svg("rect", { x: left(state), y: top(state), width: WIDTH, height: HEIGHT, rx: 7 }), text);
      this.#boxes.set(state, group);
      root.append(group);
    }
    into.append(root);
    this.show("off");
  }

  /** Lights a state up. */
  show(state: string): void {
    for (const [name, box] of this.#boxes) {
      if (box.classList.contains("now")) box.classList.add("seen");
      box.classList.toggle("now", name === state);
    }
    if (state === "starting" || state === "off") for (const box of this.#boxes.values()) box.classList.remove("seen");
    this.#title.textContent = `The modem is in the state ${state}`;
  }

  #arrow(from: string, to: string): SVGElement {
    const [dx, dy] = [places[to]![0] - places[from]![0], places[to]![1] - places[from]![1]];
    const x1 = left(from) + WIDTH / 2 + (dy === 0 ? (Math.sign(dx) * WIDTH) / 2 : 0);
    const y1 = top(from) + HEIGHT / 2 + (Math.sign(dy) * HEIGHT) / 2;
    const x2 = left(to) + WIDTH / 2 - (dy === 0 ? (Math.sign(dx) * WIDTH) / 2 : 0);
    const y2 = top(to) + HEIGHT / 2 - (Math.sign(dy) * HEIGHT) / 2;
    return svg("line", { x1, y1, x2, y2, "marker-end": "url(#arrow)" });
  }
}
