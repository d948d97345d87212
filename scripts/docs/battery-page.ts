// The tables of docs/battery.md, between their marks: what the figures are, and what the sums make of them. The words around them
// are written by hand.
import { span } from "../../energy/report.js";
import { day, hour, life, minute, Sums, type Use, usual, ways } from "../../energy/sums.js";
import { energyFacts } from "../../virtual-m95/energy/facts.js";
import { table } from "./markdown.js";

/** The battery that m95-energy takes when it is told nothing. */
export const battery = { mAh: 19_000, usable: 80, loss: 1, host: 0 };

const sums = (own: Partial<Use>): Sums => new Sums({ ...usual, ...own });

function years(mAhPerDay: number): string {
  const days = life(battery, mAhPerDay);
  return days < 100 ? `${days.toFixed(0)} days` : `${(days / 365.25).toFixed(1)} years`;
}

function intervals(): string[] {
  const rows = [5 * minute, 15 * minute, hour, 6 * hour, day].map((every) => {
    const cells = ways.map((way) => {
      const mAh = sums({ every }).mAhPerDay(way);
      return `${mAh.toPrecision(3)} (${years(mAh)})`;
    });
    return [span(every), ...cells];
  });
  return table(["a message every", "stay asleep", "stay connected", "switch off"], rows);
}

function messages(): string[] {
  const rows = ([0, 1, 2] as const).map((qos) => {
    const cells = [64, 1500].flatMap((payload) =>
      [25, 15, 5].map((rssi) => (1000 * sums({ qos, payload, rssi }).message).toFixed(0)),
    );
    return [`QoS ${qos}`, ...cells];
  });
  const signals = ["signal 25", "15", "5"];
  return table(
    ["µAh", ...signals.map((one) => `64 bytes, ${one}`), ...signals.map((one) => `1500 bytes, ${one}`)],
    rows,
  );
}

function keepalives(): string[] {
  const rows = [2 * minute, 5 * minute, 10 * minute, 20 * minute, 30 * minute, hour].map((ms) => {
    const asleep = (keepalive: number): number => sums({ every: day, keepalive }).mAhPerDay("asleep");
    const all = asleep(ms / 1000);
    return [span(ms), (all - asleep(0)).toPrecision(2), all.toPrecision(3), years(all)];
  });
  return table(["keepalive", "mAh a day for it", "asleep with it", "the battery lasts"], rows);
}

function figures(): string[] {
  const rows = Object.entries(energyFacts).map(([name, { value, unit, confidence, what, source }]) => [
    `\`${name}\``,
    `${value} ${unit}`,
    confidence,
    what,
    source,
  ]);
  return table(["figure", "value", "sure", "what it is", "from"], rows);
}

const parts: Record<string, () => string[]> = { intervals, messages, keepalives, figures };

/** The page with its tables as they should be. */
export function withSums(present: string): string {
  return Object.entries(parts).reduce((page, [name, make]) => {
    const begin = `<!-- ${name}: npm run docs -->`;
    const end = `<!-- /${name} -->`;
    const [from, to] = [page.indexOf(begin), page.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`docs/battery.md has no marks for ${name}`);
    return `${page.slice(0, from)}${begin}\n\n${make().join("\n")}\n${page.slice(to)}`;
  }, present);
}
