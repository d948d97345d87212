// The package's entry on Moddable. It holds no code.

export { type Board, boards } from "../../board-wiring/boards.js";
export { M95Error, type MqttClient } from "../../core/index.js";
export { Client, type ClientOptions } from "./client.js";
export { M95, type M95Options, type PowerOptions } from "./m95.js";
export type { SerialOptions } from "./uart.js";
