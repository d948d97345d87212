// The fault matrix: cell, PDP context and broker. What is checked is in cell.ts.

import { declare } from "./declare.js";

declare("network");
