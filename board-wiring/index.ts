// What the targets take from board-wiring: the power switch and the board table. It adds nothing of its own.

export { type Board, boards } from "./boards.js";
export {
  type InputPin,
  type OutputPin,
  type PowerPins,
  type PowerSwitchOptions,
  powerSwitch,
  type RingPin,
} from "./power-switch.js";
