// The fault matrix: the module, its power and its SIM. What is checked is in cell.ts.

import { declare } from "./declare.js";

declare("modem");
