// The fault matrix: bytes that are lost, changed or too many, and prompts. What is checked is in cell.ts.

import { declare } from "./declare.js";

declare("bytes");
