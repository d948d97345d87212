// `npm run bench`: parsing cost on Node and, where its engine is named, on Espruino; RAM there. Needs a build.
import { espruino } from "./espruino.mjs";
import { node } from "./node.mjs";
import { hold, table, write } from "./report.mjs";

const figures = {};
const show = (name, text) => {
  console.log(`\n${text}`);
  write(name, text);
};

const onNode = await node();
Object.assign(figures, onNode.figures);
show("node", table(onNode.rows));

const onEspruino = await espruino();
if (onEspruino) {
  Object.assign(figures, onEspruino.figures);
  const vars = Object.entries(onEspruino.vars).map(([when, count]) => [when, count]);
  show(
    "espruino",
    `${table(onEspruino.rows)}\n\n${table([["jsVars in use, loaded into RAM", "Linux build"], ...vars])}`,
  );
}
process.exit(hold(figures) ? 0 : 1);
