// The fault matrix with a driver that sleeps: what happens while the modem is asleep, and while it wakes. What is checked is in cell.ts.

import { declare } from "./declare.js";
import { rows } from "./faults.js";

for (const group of Object.keys(rows) as (keyof typeof rows)[]) declare(group, true);
