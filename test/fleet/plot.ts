// The plot of the fleet: connection attempts in each second, as an SVG that reads on light and on dark paper.

export interface Curve {
  name: string;
  colour: string;
  /** Values of the seconds 0, 1, 2, … */
  values: number[];
}

const size = { width: 860, height: 420 };
const frame = { left: 70, right: 20, top: 56, bottom: 56 };
/** Grey that is seen on white and on black. */
const ink = "#7d8590";

const xml = (text: string): string => text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);

/** @param seconds - length of the time axis, @param marks - vertical lines with their names */
export function plot(title: string, curves: Curve[], seconds: number, marks: [at: number, name: string][]): string {
  // Bars from 1 to 1000 side by side want a logarithmic axis; 0 is its foot.
  const top = 3;
  const x = (s: number): number => frame.left + (s / seconds) * (size.width - frame.left - frame.right);
  const height = size.height - frame.top - frame.bottom;
  const y = (n: number): number =>
    size.height - frame.bottom - (n < 1 ? 0 : (Math.log10(n) + 0.3) / (top + 0.3)) * height;
  const text = (px: number, py: number, words: string, rest = ""): string =>
    `<text x="${px.toFixed(0)}" y="${py.toFixed(0)}" ${rest}>${xml(words)}</text>`;
  const line = (x1: number, y1: number, x2: number, y2: number, rest = ""): string =>
    `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" ${rest}/>`;
  const parts: string[] = [];
  for (const n of [1, 10, 100, 1000]) {
    parts.push(line(frame.left, y(n), size.width - frame.right, y(n), 'class="grid"'));
    parts.push(text(frame.left - 8, y(n) + 4, String(n), 'text-anchor="end"'));
  }
  for (let s = 0; s <= seconds; s += 20) {
    parts.push(line(x(s), y(0), x(s), y(0) + 5, 'class="axis"'));
    parts.push(text(x(s), y(0) + 19, String(s), 'text-anchor="middle"'));
  }
  for (const [at, name] of marks) {
    parts.push(line(x(at), frame.top - 12, x(at), y(0), 'class="mark"'));
    parts.push(text(x(at) + 5, frame.top - 4, name));
  }
  for (const { colour, values } of curves) {
    const points: string[] = [];
    for (let s = 0; s < Math.min(values.length, seconds); s++) {
      points.push(
        `${x(s).toFixed(1)},${y(values[s]!).toFixed(1)}`,
        `${x(s + 1).toFixed(1)},${y(values[s]!).toFixed(1)}`,
      );
    }
    parts.push(`<polyline points="${points.join(" ")}" fill="none" stroke="${colour}" stroke-width="1.6"/>`);
  }
  parts.push(line(frame.left, y(0), size.width - frame.right, y(0), 'class="axis"'));
  parts.push(line(frame.left, frame.top, frame.left, y(0), 'class="axis"'));
  parts.push(
    text((frame.left + size.width) / 2, size.height - 10, "seconds since the broker went down", 'text-anchor="middle"'),
  );
  const middle = (frame.top + size.height - frame.bottom) / 2;
  parts.push(
    text(
      18,
      middle,
      "connection attempts per second",
      `text-anchor="middle" transform="rotate(-90 18 ${middle.toFixed(0)})"`,
    ),
  );
  let at = frame.left;
  for (const { name, colour } of curves) {
    parts.push(line(at, 36, at + 22, 36, `stroke="${colour}" stroke-width="3"`), text(at + 28, 40, name));
    at += 46 + name.length * 7;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-labelledby="title">
<title id="title">${xml(title)}</title>
<style>text{font:13px sans-serif;fill:${ink}}.grid{stroke:${ink};stroke-opacity:.25}.axis{stroke:${ink}}.mark{stroke:${ink};stroke-dasharray:4 4}.head{font-weight:bold}</style>
${text(frame.left, 18, title, 'class="head"')}
${parts.join("\n")}
</svg>
`;
}
