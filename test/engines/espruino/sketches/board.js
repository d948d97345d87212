// Runs before an example sketch: a Nucleo whose Serial1 is the virtual modem and whose pins are the modem's.

const wires = { A8: "pwrkey", C7: "status", B10: "emergOff", B6: "supply", B5: "dtr" };
global.Pin = function (name) {
  return wires[name] ? wire(wires[name]) : { name: name, read: () => 1 };
};
global.A5 = "A5";
global.A11 = "A11";
global.A12 = "A12";
global.B4 = "B4";

const setup = Serial1.setup;
Serial1.setup = function (baud, options) {
  mark("setup", [baud, options.tx.name, options.rx.name]);
  setup.call(Serial1, baud, { path: CONFIG.path });
};

global.setDeepSleep = function (deep) {
  mark("deep", deep);
};
global.digitalWrite = function (pin, level) {
  mark("output", [pin, level]);
};
let pulse;
global.pinMode = function () {};
global.setWatch = function (fn, pin) {
  if (pin !== "B4") return;
  pulse = fn;
  mark("watch", pin);
};
E.getTemperature = function () {
  return 21.5;
};
E.getAnalogVRef = function () {
  return 3.3;
};

let gps;
Serial6.setup = function (baud, options) {
  mark("gps", [baud, options.tx, options.rx]);
};
Serial6.on = function (event, listener) {
  gps = listener;
};
