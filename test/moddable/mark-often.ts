// Writes the list of what runs often on Moddable anew, or prints it: `npm run build && node build/test/moddable/mark-often.js [--print]`.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { oftenRun } from "./often.js";
import { file } from "./resolve.js";

const list = `${(await oftenRun()).join("\n")}\n`;
if (process.argv[2] === "--print") process.stdout.write(list);
else writeFileSync(fileURLToPath(file("scripts/moddable/often.txt")), list);
