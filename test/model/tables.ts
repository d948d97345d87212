// The state machines as tables: what may happen in which state, and what follows. Data only; model.test.ts holds them
// against the real classes, scripts/docs/states-page.ts draws them. After a wanted change of the core, build, let
// `node build/test/model/print.js --write` put in the rows that are true now, read the difference, and `npm run docs`.

export interface Machine {
  title: string;
  about: string;
  /** Each state and what it means. */
  states: { [state: string]: string };
  /** Each event and what it stands for. */
  events: { [event: string]: string };
  /** A state, then its rows: `event; event -> state state`, the states that may follow, itself included. */
  rows: string;
}

/** Rows as `state` to `event` to the states that may follow, split by blanks. */
export function readRows(rows: string): { [state: string]: { [event: string]: string } } {
  const table: { [state: string]: { [event: string]: string } } = {};
  let state = "";
  let text = "";
  for (const line of rows.split("\n").filter((one) => one)) {
    if (!line.startsWith(" ")) {
      state = line;
      table[state] = {};
      continue;
    }
    text += ` ${line.trim()}`;
    const arrow = text.indexOf(" -> ");
    if (arrow < 0) continue;
    for (const event of text.slice(0, arrow).split(";")) table[state]![event.trim()] = text.slice(arrow + 4);
    text = "";
  }
  return table;
}

const LIFECYCLE_EVENTS = {
  start: "`start()`",
  stop: "`stop()`",
  connect: "`connect()` makes a client",
  "runs well": "the modem answers as it should, until the state changes",
  mute: "it says nothing, until the state changes",
  "SIM gone": "`+CME ERROR: 10` to AT+CPIN?",
  "SIM busy": "`+CME ERROR: 14` to AT+CPIN?",
  denied: "`+CREG: 0,3`",
  "no network": "`+CREG: 0,2`, for as long as it takes",
  "no address": "AT+QILOCIP is refused",
  "echo refused": "ATE0 is refused",
  RDY: "the modem has rebooted",
  "+PDP DEACT": "the PDP context is gone",
  "?RDY": "the same line glued to a message: it may be payload",
  "?+PDP DEACT": "the same line glued to a message: it may be payload",
  "NORMAL POWER DOWN": "the modem switches itself off",
  pressed: "the power switch has done what it was asked for",
  "press fails": "the power switch reports an error",
  "power lost": "STATUS falls, in silence",
  "port closed": "the serial port is gone",
  timer: "the next timer fires",
};

export const LIFECYCLE: Machine = {
  title: "The modem's lifecycle",
  about:
    "`M95.state`. Events are what the modem does until the state changes, what the power switch reports, what users call.",
  states: {
    off: "not running; `start()` or a client that wants to connect begins",
    starting: "the power switch is at work, or about to be",
    syncing: "AT until OK, then ATE0 and the rate",
    sim: "the SIM is asked for, and the PIN entered",
    registering: "the network is searched",
    attaching: "GPRS is attached and the PDP context opened",
    ready: "clients can connect",
    recovering: "something was lost; the next step comes after a wait",
    stopping: "clients end, then AT+QPOWD=1 or PWRKEY",
    failed: "given up; `start()` or a client's next attempt begins anew",
  },
  events: LIFECYCLE_EVENTS,
  rows: `
off
  start -> starting failed
  runs well; mute; timer -> off starting failed
  stop; connect; port closed -> off
starting
  stop -> stopping
  runs well; mute -> recovering
  pressed -> syncing
  port closed -> failed
  timer -> starting recovering
  start; connect; press fails -> starting
syncing
  stop -> stopping
  runs well -> sim recovering
  mute; echo refused -> recovering failed
  port closed -> failed
  start; connect; RDY; +PDP DEACT; ?RDY; ?+PDP DEACT; NORMAL POWER DOWN; power lost; timer -> syncing
sim
  stop -> stopping
  runs well -> registering recovering
  mute -> recovering
  SIM gone; SIM busy -> registering recovering failed
  port closed -> failed
  timer -> sim registering recovering
  start; connect; RDY; +PDP DEACT; ?RDY; ?+PDP DEACT; NORMAL POWER DOWN; power lost -> sim
registering
  stop -> stopping
  runs well -> attaching recovering
  mute -> recovering
  denied; no network -> attaching recovering failed
  port closed -> failed
  timer -> registering recovering
  start; connect; RDY; +PDP DEACT; ?RDY; ?+PDP DEACT; NORMAL POWER DOWN; power lost -> registering
attaching
  stop -> stopping
  runs well -> ready recovering
  mute; no address -> recovering
  port closed -> failed
  timer -> attaching recovering
  start; connect; RDY; +PDP DEACT; ?RDY; ?+PDP DEACT; NORMAL POWER DOWN; power lost -> attaching
ready
  stop -> stopping
  runs well; mute; timer -> ready recovering
  port closed -> failed
  start; connect; RDY; +PDP DEACT; ?RDY; ?+PDP DEACT; NORMAL POWER DOWN; power lost -> ready
recovering
  stop -> stopping
  runs well; mute; timer -> starting syncing recovering
  pressed -> starting
  port closed -> failed
  start; connect; RDY; +PDP DEACT; ?RDY; ?+PDP DEACT; NORMAL POWER DOWN; press fails; power lost -> recovering
stopping
  pressed -> off starting failed
  start; stop; connect; runs well; mute; RDY; +PDP DEACT; ?RDY; ?+PDP DEACT; NORMAL POWER DOWN;
    press fails; power lost; port closed; timer -> stopping
failed
  start -> starting syncing failed
  stop -> stopping
  runs well; mute; timer -> syncing failed
  connect; RDY; +PDP DEACT; ?RDY; ?+PDP DEACT; NORMAL POWER DOWN; pressed; press fails; power lost;
    port closed -> failed
`,
};

export const CONTACT: Machine = {
  title: "What is known of the modem",
  about: "Beside the state: whether something answers at the other end of the line. Events are those of the lifecycle.",
  states: {
    silent: "nothing has answered since it was last switched on or looked for",
    cycling: "the same; AT+CFUN=0 comes first when something answers",
    answering: "it has answered",
    doubted: "a line that may be payload says that the modem or its PDP context is gone; AT+QILOCIP tells",
    closed: "the port is closed, for good",
  },
  events: LIFECYCLE_EVENTS,
  rows: `
silent
  runs well; mute; echo refused; timer -> silent answering
  port closed -> closed
  start; stop; connect; RDY; +PDP DEACT; ?RDY; ?+PDP DEACT; NORMAL POWER DOWN; pressed; press fails;
    power lost -> silent
cycling
  runs well; mute -> silent cycling answering
  echo refused -> silent answering
  pressed -> silent
  port closed -> closed
  timer -> cycling answering
  start; stop; connect; RDY; +PDP DEACT; ?RDY; ?+PDP DEACT; NORMAL POWER DOWN; press fails; power lost -> cycling
answering
  start -> silent answering
  runs well; mute; timer -> silent cycling answering
  RDY; +PDP DEACT; NORMAL POWER DOWN -> answering doubted
  pressed -> silent
  port closed -> closed
  stop; connect; SIM gone; SIM busy; denied; no network; no address; ?RDY; ?+PDP DEACT; press fails;
    power lost -> answering
doubted
  stop -> answering doubted
  runs well; mute; SIM gone; SIM busy; denied; no network; no address -> answering
  port closed -> closed
  start; connect; RDY; +PDP DEACT; ?RDY; ?+PDP DEACT; NORMAL POWER DOWN; power lost; timer -> doubted
closed
  start; stop; connect; runs well; mute; pressed; press fails; power lost; timer -> closed
`,
};

const CLIENT_EVENTS = {
  publish: "`publish()`",
  subscribe: "`subscribe()`",
  end: "`end()`",
  "end at once": "`end(true)`",
  OK: "the command that runs is done",
  ERROR: "the command that runs is refused",
  "time-out": "the command that runs gets no answer",
  "CME 8503": "AT+QMTPUB: no connection",
  "CME 8512": "AT+QMTPUB: the window is full",
  "no connection": "AT+QMTCONN? does not name the client",
  "QMTOPEN 0": "opened",
  "QMTOPEN 2": "the identifier is occupied",
  "QMTOPEN 3": "no PDP context",
  "QMTOPEN -1": "failed",
  "QMTCONN 0,0": "accepted by the broker",
  "QMTCONN 0,3": "refused, the server is unavailable",
  "QMTCONN 0,5": "refused, not authorised",
  "QMTCONN 1": "CONNECT was sent once more",
  "QMTCONN 2": "CONNECT failed",
  "QMTSTAT 1": "closed by the peer",
  "QMTSTAT 2": "PINGREQ failed",
  "?QMTSTAT 1": "the same line glued to a message: it may be payload",
  "?QMTCONN 0,5": "the same line glued to a message: it may be payload",
  "QMTDISC 0": "disconnected",
  "QMTPUB 0": "acknowledged",
  "QMTPUB 2": "given up by the modem",
  "modem ready": "the modem has become ready",
  "modem lost": "the modem or its PDP context is gone",
  "modem failed": "the modem could not be started",
  timer: "the next timer fires",
};

export const CLIENT: Machine = {
  title: "A client's connection",
  about: "`MqttClient.state`. Events are what the modem says, how a command ends, what users call.",
  states: {
    waiting: "for the modem, or for the next attempt",
    opening: "AT+QMTCFG and AT+QMTOPEN",
    connecting: "AT+QMTCONN",
    connected: "the broker has accepted; every two minutes the modem is asked",
    disconnecting: "AT+QMTDISC and AT+QMTCLOSE",
    closed: "ended; the tcpconnectID is free",
  },
  events: CLIENT_EVENTS,
  rows: `
waiting
  modem ready -> waiting opening
  timer -> waiting opening closed
  publish; subscribe; end; end at once; OK; ERROR; time-out; CME 8503; CME 8512; no connection;
    QMTOPEN 0; QMTOPEN 2; QMTOPEN 3; QMTOPEN -1; QMTCONN 0,0; QMTCONN 0,3; QMTCONN 0,5; QMTCONN 1;
    QMTCONN 2; QMTSTAT 1; QMTSTAT 2; ?QMTSTAT 1; ?QMTCONN 0,5; QMTDISC 0; QMTPUB 0; QMTPUB 2; modem lost;
    modem failed -> waiting
opening
  ERROR; time-out; QMTOPEN 2; QMTOPEN 3; QMTOPEN -1; QMTSTAT 1; QMTSTAT 2 -> waiting opening closed
  QMTOPEN 0 -> opening connecting
  modem lost; modem failed -> waiting closed
  timer -> waiting disconnecting
  publish; subscribe; end; end at once; OK; CME 8503; CME 8512; no connection; QMTCONN 0,0; QMTCONN 0,3;
    QMTCONN 0,5; QMTCONN 1; QMTCONN 2; ?QMTSTAT 1; ?QMTCONN 0,5; QMTDISC 0; QMTPUB 0; QMTPUB 2 -> opening
connecting
  OK -> connecting connected
  ERROR; time-out -> waiting connecting closed
  no connection; QMTCONN 0,3; QMTCONN 0,5; QMTCONN 2; QMTSTAT 1; QMTSTAT 2; modem lost; modem failed -> waiting closed
  QMTOPEN 2 -> waiting opening
  QMTCONN 0,0 -> connected
  timer -> waiting disconnecting
  publish; subscribe; end; end at once; QMTOPEN 0; QMTOPEN 3; QMTOPEN -1; QMTCONN 1; ?QMTSTAT 1;
    ?QMTCONN 0,5; QMTDISC 0; QMTPUB 0; QMTPUB 2 -> connecting
connected
  OK; CME 8503; QMTPUB 0; QMTPUB 2; timer -> connected disconnecting
  ERROR; time-out -> waiting connected disconnecting closed
  CME 8512 -> waiting connected disconnecting
  no connection; QMTSTAT 1; QMTSTAT 2; modem lost; modem failed -> waiting closed
  publish; subscribe; end; end at once; QMTOPEN 0; QMTOPEN 2; QMTOPEN 3; QMTOPEN -1; QMTCONN 0,0;
    QMTCONN 0,3; QMTCONN 0,5; QMTCONN 1; QMTCONN 2; ?QMTSTAT 1; ?QMTCONN 0,5; QMTDISC 0 -> connected
disconnecting
  OK; ERROR; time-out -> disconnecting closed
  modem lost; modem failed -> closed
  publish; subscribe; end; end at once; CME 8503; CME 8512; no connection; QMTOPEN 0; QMTOPEN 2;
    QMTOPEN 3; QMTOPEN -1; QMTCONN 0,0; QMTCONN 0,3; QMTCONN 0,5; QMTCONN 1; QMTCONN 2; QMTSTAT 1;
    QMTSTAT 2; ?QMTSTAT 1; ?QMTCONN 0,5; QMTDISC 0; QMTPUB 0; QMTPUB 2; timer -> disconnecting
closed
  publish; subscribe; end; end at once; OK; ERROR; time-out; CME 8503; CME 8512; no connection;
    QMTOPEN 0; QMTOPEN 2; QMTOPEN 3; QMTOPEN -1; QMTCONN 0,0; QMTCONN 0,3; QMTCONN 0,5; QMTCONN 1;
    QMTCONN 2; QMTSTAT 1; QMTSTAT 2; ?QMTSTAT 1; ?QMTCONN 0,5; QMTDISC 0; QMTPUB 0; QMTPUB 2; modem ready;
    modem lost; modem failed; timer -> closed
`,
};

export const LIFE: Machine = {
  title: "How far a client is from its end",
  about: "Beside the state of its connection. Events are those of the connection.",
  states: {
    living: "it connects, and again after a loss",
    ending: "`end()` was called, or the broker has refused too often: what is in flight may finish",
    forced: "`end(true)` was called: nothing is waited for",
    ended: "over; the tcpconnectID is free",
  },
  events: CLIENT_EVENTS,
  rows: `
living
  end -> ending
  end at once -> forced
  publish; subscribe; OK; ERROR; time-out; CME 8503; CME 8512; no connection; QMTOPEN 0; QMTOPEN 2;
    QMTOPEN 3; QMTOPEN -1; QMTCONN 0,0; QMTCONN 0,3; QMTCONN 0,5; QMTCONN 1; QMTCONN 2; QMTSTAT 1;
    QMTSTAT 2; ?QMTSTAT 1; ?QMTCONN 0,5; QMTDISC 0; QMTPUB 0; QMTPUB 2; modem ready; modem lost;
    modem failed; timer -> living
ending
  end at once -> forced
  OK; ERROR; time-out; no connection; QMTOPEN 2; QMTOPEN 3; QMTOPEN -1; QMTCONN 0,3; QMTCONN 0,5;
    QMTCONN 2; QMTSTAT 1; QMTSTAT 2; modem lost; modem failed; timer -> ending ended
  publish; subscribe; end; CME 8503; CME 8512; QMTOPEN 0; QMTCONN 0,0; QMTCONN 1; ?QMTSTAT 1;
    ?QMTCONN 0,5; QMTDISC 0; QMTPUB 0; QMTPUB 2; modem ready -> ending
forced
  OK; ERROR; time-out; no connection; QMTOPEN 2; QMTOPEN 3; QMTOPEN -1; QMTCONN 0,3; QMTCONN 0,5;
    QMTCONN 2; QMTSTAT 1; QMTSTAT 2; modem lost; modem failed; timer -> forced ended
  publish; subscribe; end; end at once; CME 8503; CME 8512; QMTOPEN 0; QMTCONN 0,0; QMTCONN 1;
    ?QMTSTAT 1; ?QMTCONN 0,5; QMTDISC 0; QMTPUB 0; QMTPUB 2; modem ready -> forced
ended
  publish; subscribe; end; end at once; OK; ERROR; time-out; CME 8503; CME 8512; no connection;
    QMTOPEN 0; QMTOPEN 2; QMTOPEN 3; QMTOPEN -1; QMTCONN 0,0; QMTCONN 0,3; QMTCONN 0,5; QMTCONN 1;
    QMTCONN 2; QMTSTAT 1; QMTSTAT 2; ?QMTSTAT 1; ?QMTCONN 0,5; QMTDISC 0; QMTPUB 0; QMTPUB 2; modem ready;
    modem lost; modem failed; timer -> ended
`,
};
