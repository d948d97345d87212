// Runs inside Espruino: a scripted modem in front of the module under test, and messages fed to it in chunks. Each measured part
// stands between two calls of E.kickWatchdog, where callgrind cuts. The bench puts PLAN and the module in front of it.

let feed;
const vars = {};
// Counted up by the part of the script that stands behind this one.
const tally = { got: 0 };

const ANSWERS = {
  "AT+CPIN?\r": "\r\n+CPIN: READY\r\n\r\nOK\r\n",
  "AT+CREG?\r": "\r\n+CREG: 0,1\r\n\r\nOK\r\n",
  "AT+CGREG?\r": "\r\n+CGREG: 0,1\r\n\r\nOK\r\n",
  "AT+CGATT?\r": "\r\n+CGATT: 1\r\n\r\nOK\r\n",
  "AT+QILOCIP\r": "\r\n10.0.0.1\r\n"
};

const RESULTS = { "AT+QMTOPEN": "+QMTOPEN: 0,0", "AT+QMTCONN": "+QMTCONN: 0,0,0", "AT+QMTSUB": "+QMTSUB: 0,1,0,0" };

const serial = {
  on: (_event, listener) => {
    feed = listener;
  },
  setup: () => {},
  write: (data) => {
    let answer = ANSWERS[data] || "\r\nOK\r\n";
    const name = data.split("=")[0];
    if (RESULTS[name]) answer += "\r\n" + RESULTS[name] + "\r\n";
    setTimeout(() => {
      feed(answer);
    }, 1);
  }
};

function messages(size, count) {
  let one = '\r\n+QMTRECV: 0,0,"a/b/c",';
  while (one.length < size - 2) one += "x";
  one += "\r\n";
  let all = "";
  for (let i = 0; i < count; i++) all += one;
  return all;
}

function part(plan) {
  const all = messages(plan.size, plan.count);
  const chunks = [];
  for (let i = 0; i < all.length; i += plan.chunk) chunks.push(all.substr(i, plan.chunk));
  E.kickWatchdog();
  for (let k = 0; k < chunks.length; k++) feed(chunks[k]);
  E.kickWatchdog();
}

function finish() {
  print("RESULT " + JSON.stringify({ got: tally.got, vars: vars }));
}

function run() {
  vars.connected = process.memory().usage;
  PLAN.forEach(part);
  // The silence behind the last message ends it.
  setTimeout(finish, 500);
}
