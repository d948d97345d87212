// Runs inside Espruino: a scripted modem that agrees to everything, in front of the module under test. `feed` is the module's ear.

let feed;

const ANSWERS = {
  "AT+CPIN?\r": "\r\n+CPIN: READY\r\n\r\nOK\r\n",
  "AT+CREG?\r": "\r\n+CREG: 0,1\r\n\r\nOK\r\n",
  "AT+CGREG?\r": "\r\n+CGREG: 0,1\r\n\r\nOK\r\n",
  "AT+CGATT?\r": "\r\n+CGATT: 1\r\n\r\nOK\r\n",
  "AT+QILOCIP\r": "\r\n10.0.0.1\r\n"
};

const RESULTS = { "AT+QMTOPEN": "+QMTOPEN: 0,0", "AT+QMTCONN": "+QMTCONN: 0,0,0" };

const serial = {
  on: (_event, listener) => {
    feed = listener;
  },
  setup: () => {},
  write: (data) => {
    let answer = ANSWERS[data] || "\r\nOK\r\n";
    const name = data.split("=")[0];
    if (name === "AT+QMTSUB") answer += "\r\n+QMTSUB: 0," + data.split(",")[1] + ",0,0\r\n";
    if (RESULTS[name]) answer += "\r\n" + RESULTS[name] + "\r\n";
    setTimeout(() => {
      feed(answer);
    }, 1);
  }
};
