// The fault matrix: lines that are lost, late, glued, in pieces. What is checked is in cell.ts.

import { declare } from "./declare.js";

declare("lines");
