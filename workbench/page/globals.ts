// What the virtual modem uses of Node and a browser lacks.
// biome-ignore lint/style/useNodejsImportProtocol: the package of this name, which mqtt-packet brings along
import { Buffer } from "buffer";

/** To be called before a virtual modem is made. */
export function equip(): void {
  Object.assign(globalThis, { Buffer });
}
