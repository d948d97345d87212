// A modem that agrees to everything, for benches on Node and XS: it costs little itself. It simulates no failure and no time.

const ANSWERS = {
  "AT+CPIN?": "+CPIN: READY",
  "AT+CREG?": "+CREG: 0,1",
  "AT+CGREG?": "+CGREG: 0,1",
  "AT+CGATT?": "+CGATT: 1",
};
const RESULTS = { "AT+QMTOPEN": "+QMTOPEN: 0,0", "AT+QMTCONN": "+QMTCONN: 0,0,0", "AT+QMTSUB": "+QMTSUB: 0,1,0,0" };

/** The port of such a modem; `later` runs a function outside of the call. */
export function scriptedModem(later) {
  const uart = {
    onReceive() {},
    write(data) {
      const text = data.slice(0, -1);
      const info = ANSWERS[text];
      const result = RESULTS[text.split("=")[0]];
      const answer = text === "AT+QILOCIP" ? "10.0.0.1" : "OK";
      const all = [info, answer, text.includes("=") ? result : undefined].filter(Boolean);
      later(() => uart.onReceive(all.map((line) => `\r\n${line}\r\n`).join("")));
    },
  };
  return uart;
}

/** `count` messages of 64 bytes as the modem prints them. */
export function messages(count) {
  return '\r\n+QMTRECV: 0,0,"a/b/c",xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n'.repeat(count);
}
