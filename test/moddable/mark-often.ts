// Writes the list of what runs often on Moddable anew: `npm run build && node build/test/moddable/mark-often.js`.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { oftenRun } from "./often.js";
import { file } from "./resolve.js";

writeFileSync(fileURLToPath(file("scripts/moddable/often.txt")), `${(await oftenRun()).join("\n")}\n`);
