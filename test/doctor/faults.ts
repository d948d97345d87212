// Faults to be found, each with the finding that has to stand first. Data; it examines nobody.

import type { FindingId } from "../../doctor/findings.js";
import { answered, type Fault, keyOf, type Patient, when } from "./patient.js";

const nothing = (patient: Patient): void => {
  patient.port.write = () => {};
};

/** What arrives is changed on its way. */
function received(patient: Patient, change: (chunk: string) => string): void {
  patient.virtual.uart.onReceive = (chunk) => {
    const shown = change(chunk);
    if (shown !== "") patient.port.onReceive(shown);
  };
}

const quick = { quick: true };

/** Title, finding, fault. */
export const plantedFaults: [string, FindingId, Fault][] = [
  // Port and wire, as the line shows them.
  ["nothing is connected", "silence", { plant: nothing }],
  [
    "RX and TX touch each other",
    "echo",
    {
      plant: (p) => {
        p.port.write = (data) => void p.clock.after(1, () => p.port.onReceive(data));
      },
    },
  ],
  ["the modem is set to 9600 baud", "rate", { rated: true, virtual: { baud: 9600 }, options: quick }],
  ["the modem is set to 38400 baud", "rate", { rated: true, virtual: { baud: 38_400 }, options: quick }],
  [
    "the level is wrong: bytes without sense at any rate",
    "garbage",
    {
      plant: (p) =>
        received(p, (chunk) => chunk.replace(/./gs, (c) => String.fromCharCode((c.charCodeAt(0) * 7 + 131) & 0xff))),
    },
  ],
  [
    "one byte in forty is changed",
    "noise",
    {
      plant: (p) => {
        let n = 0;
        received(p, (chunk) => chunk.replace(/./gs, (c) => (++n % 40 === 0 ? "\x95" : c)));
      },
    },
  ],
  [
    "the host hears nothing of a modem that runs",
    "deaf",
    {
      plant: (p) => {
        received(p, () => "");
        p.options.key = keyOf(p);
      },
    },
  ],
  [
    "PWRKEY is not connected",
    "key-dead",
    {
      virtual: { poweredOn: false },
      plant: (p) => {
        p.options.key = { ...keyOf(p), press: async () => {} };
      },
    },
  ],
  [
    "sleep was stored, and DTR is high",
    "asleep",
    {
      virtual: { sleep: 1, dtr: 1 },
      options: quick,
      plant: (p) => {
        p.port.dtr = (level) => p.virtual.pins.dtr.write(level);
      },
    },
  ],
  [
    "an earlier program left a prompt open",
    "prompt-left",
    {
      options: quick,
      plant: (p) => {
        p.virtual.uart.write("AT\r");
        p.clock.advance(100);
        p.virtual.uart.write("AT\r");
        p.clock.advance(100);
        p.virtual.uart.write("AT+QIREGAPP\r");
        p.clock.advance(100);
        p.virtual.uart.write("AT+QIACT\r");
        p.clock.advance(5000);
        p.virtual.uart.write('AT+QMTOPEN=0,"x",1883\r');
        p.clock.advance(2000);
        p.virtual.uart.write('AT+QMTCONN=0,"x"\r');
        p.clock.advance(2000);
        p.virtual.uart.write('AT+QMTPUB=0,0,0,0,"a"\r');
        p.clock.advance(100);
      },
    },
  ],
  [
    "answers were set to numbers",
    "numeric",
    {
      options: quick,
      plant: (p) => {
        for (const command of ["AT\r", "ATE0V0&W\r"]) {
          p.virtual.uart.write(command);
          p.clock.advance(100);
        }
      },
    },
  ],
  // Supply.
  ["VBAT is 3,400 mV", "supply-low", { virtual: { diagnostics: { millivolts: 3400 } }, options: quick }],
  ["VBAT is 4,550 mV", "supply-high", { virtual: { diagnostics: { millivolts: 4550 } }, options: quick }],
  [
    "VBAT dips when it transmits",
    "supply-dips",
    { options: quick, plant: (p) => when(p, /QIACT/, () => p.virtual.voltage("UNDER_VOLTAGE WARNING")) },
  ],
  [
    "it starts anew when it transmits",
    "reboots",
    {
      rated: true,
      virtual: { baud: 115_200 },
      options: quick,
      plant: (p) => when(p, /QIACT/, () => p.virtual.reboot()),
    },
  ],
  [
    "the supply breaks down, and it switches itself off",
    "supply-dips",
    { options: quick, plant: (p) => when(p, /QIACT/, () => p.virtual.brownOut()) },
  ],
  // Firmware and settings.
  ["a firmware without MQTT", "no-mqtt", { options: quick, plant: (p) => answered(p, /QMT/, "ERROR") }],
  ["sleep is on", "sleep-on", { virtual: { sleep: 1, dtr: 0 }, options: quick }],
  [
    "flow control is on",
    "flow-on",
    {
      options: quick,
      plant: (p) => {
        for (const command of ["AT\r", "AT+IFC=2,2\r"]) {
          p.virtual.uart.write(command);
          p.clock.advance(100);
        }
      },
    },
  ],
  ["it is locked to a frequency", "locked", { virtual: { diagnostics: { frequencyLock: 1 } }, options: quick }],
  [
    "the radio is off",
    "radio-off",
    {
      options: quick,
      plant: (p) => {
        for (const command of ["AT\r", "AT+CFUN=4\r"]) {
          p.virtual.uart.write(command);
          p.clock.advance(100);
        }
      },
    },
  ],
  // SIM.
  ["no SIM", "sim-absent", { virtual: { sim: { state: "absent" } }, options: quick }],
  ["the SIM does not work", "sim-failure", { options: quick, plant: (p) => answered(p, /CPIN\?/, "+CME ERROR: 13") }],
  ["the SIM stays busy", "sim-busy", { virtual: { sim: { state: "busy" }, timing: { simBusy: 1e9 } }, options: quick }],
  ["the SIM wants a PIN, and none is given", "pin-needed", { virtual: { sim: { state: "pin" } } }],
  ["a wrong PIN", "pin-wrong", { virtual: { sim: { state: "pin", pin: "4711" } }, options: { ...quick, pin: "0815" } }],
  [
    "a wrong PIN was tried before",
    "pin-tries",
    {
      virtual: { sim: { state: "pin", pinTries: 2 } },
      options: { pin: "1234" },
      plant: (p) => answered(p, /QTRPIN/, "+QTRPIN: 2,10,3,10", "OK"),
    },
  ],
  ["the SIM wants its PUK", "sim-puk", { virtual: { sim: { state: "puk" } } }],
  [
    "the modem is locked to another SIM",
    "phone-lock",
    { plant: (p) => answered(p, /CPIN\?/, "+CPIN: PH-SIM PIN", "OK") },
  ],
  // Radio.
  ["no antenna", "no-antenna", { virtual: { creg: 2, signal: { rssi: 99, ber: 99 } }, options: quick }],
  ["a weak signal", "signal-weak", { virtual: { signal: { rssi: 7, ber: 3 } }, options: quick }],
  ["no network here", "no-network", { virtual: { creg: 2 }, options: quick }],
  ["the network denies the SIM", "denied", { virtual: { creg: 3 }, options: quick }],
  ["it does not search", "not-searching", { virtual: { creg: 0 }, options: quick }],
  ["no data plan: CGREG searches for ever", "no-data-plan", { virtual: { creg: 1, cgreg: 2 }, options: quick }],
  ["no data plan: CGREG is denied", "no-data-plan", { virtual: { creg: 1, cgreg: 3 }, options: quick }],
  // Packet side.
  [
    "it does not attach",
    "no-attach",
    {
      options: quick,
      plant: (p) => {
        answered(p, /CGATT\?/, "+CGATT: 0", "OK");
        answered(p, /CGATT=1/, "+CME ERROR: 148");
      },
    },
  ],
  ["a wrong APN", "apn-unknown", { virtual: { apn: "other" }, options: quick }],
  [
    "a wrong APN login",
    "apn-login",
    { virtual: { apnUser: "me", apnPassword: "good" }, options: { ...quick, apnUser: "me", apnPassword: "bad" } },
  ],
  [
    "data is not subscribed",
    "not-subscribed",
    { virtual: { apn: "x", diagnostics: { cause: "1,3105" } }, options: quick },
  ],
  [
    "the network has no room",
    "congestion",
    { virtual: { apn: "x", diagnostics: { cause: "1,2070" } }, options: quick },
  ],
  [
    "it fails for no known cause",
    "pdp-failed",
    { virtual: { apn: "x", diagnostics: { cause: "1,3999" } }, options: quick },
  ],
  // Name, route, broker.
  ["an unknown host name", "dns", { options: quick, plant: (p) => p.broker.network.unresolved.add("broker.example") }],
  ["packets do not pass", "no-route", { options: quick, plant: (p) => p.virtual.networkDown(true) }],
  [
    "nothing listens at the port",
    "broker-refused",
    { options: quick, plant: (p) => p.broker.network.refused.add(1883) },
  ],
  ["the broker does not run", "broker-refused", { options: quick, plant: (p) => p.broker.stop() }],
  ...(
    [
      [1, "connect-version"],
      [2, "connect-id"],
      [3, "connect-unavailable"],
      [4, "connect-login"],
      [5, "connect-denied"],
    ] as const
  ).map(([code, id]): [string, FindingId, Fault] => [
    `CONNECT is refused with return code ${code}`,
    id,
    {
      options: quick,
      plant: (p) => {
        p.broker.connack = code;
      },
    },
  ]),
  [
    "something else listens, and says nothing",
    "no-connack",
    {
      options: quick,
      plant: (p) => {
        p.broker.ignore = (packet) => packet.cmd === "connect";
      },
    },
  ],
  [
    "the broker hangs up at CONNECT",
    "connect-closed",
    { options: quick, plant: (p) => when(p, /QMTCONN=5/, () => p.virtual.dropLink(5, 1), 60) },
  ],
  // Messages.
  [
    "the broker refuses the subscription",
    "subscribe-refused",
    {
      options: quick,
      plant: (p) => {
        p.broker.grant = () => 128;
      },
    },
  ],
  [
    "SUBSCRIBE is not answered",
    "no-suback",
    {
      options: quick,
      plant: (p) => {
        p.broker.ignore = (packet) => packet.cmd === "subscribe";
      },
    },
  ],
  [
    "a publish is not acknowledged",
    "no-puback",
    {
      options: quick,
      plant: (p) => {
        p.broker.ignore = (packet) => packet.cmd === "publish" && packet.qos > 0;
      },
    },
  ],
  [
    "what is published does not come back",
    "not-returned",
    {
      options: quick,
      plant: (p) => {
        p.virtual.onSend = (text) => (text.includes("+QMTRECV") ? null : text);
      },
    },
  ],
  [
    "the first acknowledgement gets lost",
    "sent-again",
    {
      options: quick,
      plant: (p) => {
        p.broker.ignore = (packet) => packet.cmd === "publish" && packet.qos === 1 && !packet.dup;
      },
    },
  ],
  [
    "the network is slower than a packet time-out, and its firmware ends with the notice",
    "retry-alone",
    {
      plant: (p) => {
        const again = new Set<string>();
        p.broker.ignore = (packet) => packet.cmd === "publish" && packet.topic.endsWith("/r") && !packet.dup;
        p.virtual.onSend = (text) => {
          const [, id, result] = /\+QMTPUB: 5,(\d+),(\d)/.exec(text) ?? [];
          if (result === "1") again.add(id!);
          return result === "0" && again.has(id!) ? null : text;
        };
      },
    },
  ],
  [
    "the connection is lost in the middle",
    "link-lost",
    { options: quick, plant: (p) => when(p, /QMTPUB=5/, () => p.virtual.dropLink(5, 1), 20) },
  ],
  [
    "every byte above 0x7F loses a bit",
    "payload",
    {
      plant: (p) =>
        received(p, (chunk) => chunk.replace(/[\x80-\xff]/g, (c) => String.fromCharCode(c.charCodeAt(0) & 0x7f))),
    },
  ],
  [
    "it does not switch itself off",
    "no-poweroff",
    {
      plant: (p) => {
        answered(p, /QPOWD/);
        p.options.key = keyOf(p);
      },
    },
  ],
];
