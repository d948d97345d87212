// Compares the core's own calendar with the engine's, over all days and zones the modem can report.
import test from "ava";
import fc from "fast-check";
import { readTime } from "../../core/m95/info.js";

const two = (value: number) => String(value).padStart(2, "0");

test("readTime agrees with Date.UTC", (t) => {
  const first = Date.UTC(2000, 0, 1) / 1000;
  const last = Date.UTC(2100, 0, 1) / 1000 - 1;
  const check = (local: number, zone: number) => {
    const date = new Date(local * 1000);
    const day = [date.getUTCFullYear() - 2000, date.getUTCMonth() + 1, date.getUTCDate()].map(two).join("/");
    const clock = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(":");
    const line = `+CCLK: "${day},${clock}${zone < 0 ? "-" : "+"}${two(Math.abs(zone))}"`;
    t.deepEqual(readTime(line), { utc: (local - zone * 900) * 1000, zone }, line);
  };
  fc.assert(fc.property(fc.integer({ min: first, max: last }), fc.integer({ min: -48, max: 56 }), check));
  for (let day = first; day < last; day += 86400) check(day, 0);
});

test("readTime takes any line without throwing", (t) => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0123456789/,:+-" x') }), (line) => {
      const time = readTime(line);
      if (time) t.true(Number.isSafeInteger(time.utc));
    }),
  );
  t.pass();
});
