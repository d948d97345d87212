// `npm run bench`: parsing cost and publishing on Node, memory and cost in XS and, where its engine is named, on Espruino. Needs a
// build.
import { espruino } from "./espruino.mjs";
import { espruinoRam } from "./espruino-ram.mjs";
import { node } from "./node.mjs";
import { publishing } from "./publishing.mjs";
import { report } from "./report.mjs";
import { xs } from "./xs.mjs";

await report({ node, publishing, xs, "espruino-ram": espruinoRam, espruino });
