// `npm run bench`: parsing cost and publishing on Node, memory and cost in XS and, where its engine is named, on Espruino. Needs a
// build. Under CI it compares with the budgets and leaves the page alone, as times differ from run to run.
import { espruino } from "./espruino.mjs";
import { espruinoRam } from "./espruino-ram.mjs";
import { node } from "./node.mjs";
import { publishing } from "./publishing.mjs";
import { hold, table, write } from "./report.mjs";
import { xs } from "./xs.mjs";

const figures = {};
for (const [name, measure] of Object.entries({
  node,
  publishing,
  xs,
  "espruino-ram": espruinoRam,
  espruino,
})) {
  // Each says itself what it lacks.
  const result = await measure();
  if (!result) continue;
  Object.assign(figures, result.figures);
  const text = [table(result.rows), ...(result.notes ?? [])].join("\n\n");
  console.log(`\n${text}\n`);
  if (!process.env.CI) write(name, text);
}
process.exit(hold(figures) ? 0 : 1);
