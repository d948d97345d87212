// The plot of m95-energy: days that a battery lasts against the time between two messages, as an SVG that reads on light and on
// dark paper. It calculates no energy.

export interface Curve {
  name: string;
  colour: string;
  /** Days, by ms between two messages, in rising order. */
  points: readonly { every: number; days: number }[];
}

export interface Mark {
  every: number;
  text: string;
}

const size = { width: 860, height: 470 };
const frame = { left: 84, right: 24, top: 66, bottom: 78 };
/** Grey that is seen on white and on black. */
const ink = "#7d8590";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const ticks: readonly [number, string][] = [
  [minute, "1 min"],
  [5 * minute, "5 min"],
  [15 * minute, "15 min"],
  [hour, "1 h"],
  [4 * hour, "4 h"],
  [12 * hour, "12 h"],
  [24 * hour, "1 day"],
  [7 * 24 * hour, "1 week"],
];
const lives: readonly [number, string][] = [
  [1, "1 day"],
  [7, "1 week"],
  [30, "1 month"],
  [90, "3 months"],
  [365, "1 year"],
  [3 * 365, "3 years"],
  [10 * 365, "10 years"],
  [30 * 365, "30 years"],
];

const xml = (text: string): string => text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);

/** Both axes are logarithmic. `foot`: what the curves rest on, a line each. */
export function plot(title: string, curves: readonly Curve[], marks: readonly Mark[], foot: readonly string[]): string {
  const all = curves.flatMap(({ points }) => points);
  const scale = (values: readonly number[], from: number, to: number): ((value: number) => number) => {
    const [low, high] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))];
    return (value) => from + ((Math.log(value) - low) / (high - low || 1)) * (to - from);
  };
  const days = all.map((point) => point.days);
  const span = [Math.min(...days) / 1.3, Math.max(...days) * 1.3];
  const bottom = size.height - frame.bottom;
  const x = scale(
    all.map(({ every }) => every),
    frame.left,
    size.width - frame.right,
  );
  const y = scale(span, bottom, frame.top);
  const text = (px: number, py: number, words: string, rest = ""): string =>
    `<text x="${px.toFixed(0)}" y="${py.toFixed(0)}" ${rest}>${xml(words)}</text>`;
  const line = (x1: number, y1: number, x2: number, y2: number, rest: string): string =>
    `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" ${rest}/>`;
  const inside = (value: number, from: number, to: number): boolean => value >= from - 1 && value <= to + 1;
  const parts: string[] = [];
  for (const [value, name] of lives) {
    if (!inside(y(value), frame.top, bottom)) continue;
    parts.push(line(frame.left, y(value), size.width - frame.right, y(value), 'class="grid"'));
    parts.push(text(frame.left - 8, y(value) + 4, name, 'text-anchor="end"'));
  }
  for (const [value, name] of ticks) {
    if (!inside(x(value), frame.left, size.width - frame.right)) continue;
    parts.push(line(x(value), frame.top, x(value), bottom + 5, 'class="grid"'));
    parts.push(text(x(value), bottom + 20, name, 'text-anchor="middle"'));
  }
  parts.push(line(frame.left, bottom, size.width - frame.right, bottom, 'class="axis"'));
  parts.push(line(frame.left, frame.top, frame.left, bottom, 'class="axis"'));
  parts.push(text((frame.left + size.width) / 2, bottom + 38, "from one message to the next", 'text-anchor="middle"'));
  marks.forEach(({ every, text: words }, at) => {
    // The first stands on its left, so that two that are close are told apart.
    const left = at === 0 ? x(every) - frame.left > 7 * words.length : x(every) > size.width / 2;
    parts.push(line(x(every), frame.top - 6, x(every), bottom, 'class="mark"'));
    const place = `text-anchor="${left ? "end" : "start"}"`;
    parts.push(text(x(every) + (left ? -5 : 5), bottom - 10 - 16 * at, words, place));
  });
  for (const { colour, points } of curves) {
    const path = points.map((point) => `${x(point.every).toFixed(1)},${y(point.days).toFixed(1)}`).join(" ");
    parts.push(`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`);
  }
  let at = frame.left;
  for (const { name, colour } of curves) {
    parts.push(line(at, 44, at + 22, 44, `stroke="${colour}" stroke-width="3"`), text(at + 28, 48, name));
    at += 56 + name.length * 7;
  }
  foot.forEach((words, row) => {
    parts.push(text(frame.left, size.height - 20 + 14 * row, words, 'class="foot"'));
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-labelledby="title">
<title id="title">${xml(title)}</title>
<style>text{font:13px sans-serif;fill:${ink}}.grid{stroke:${ink};stroke-opacity:.25}.axis{stroke:${ink}}.mark{stroke:${ink};stroke-dasharray:4 4}.head{font-weight:bold}.foot{font-size:11px}</style>
${text(frame.left, 20, title, 'class="head"')}
${parts.join("\n")}
</svg>
`;
}
