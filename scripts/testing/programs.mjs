// Looks for programs. It starts none.
import { accessSync, constants } from "node:fs";
import path from "node:path";

/** Whether a program stands in one of the folders of a search path such as `PATH`. */
export function isThere(program, searchPath) {
  return searchPath.split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
