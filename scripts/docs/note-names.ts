// The application note's side of the command table: its section numbers, parameter names, answers, and what the driver
// makes of each number. For the documentation only; the firmware carries none of it.

/** Section of each row, and what the command is for. */
export const SECTIONS: { [row: string]: { section: string; purpose: string } } = {
  QMTCFG: { section: "3.2.1", purpose: "Configure optional parameters of MQTT" },
  "QMTCFG.WILL": { section: "3.2.1", purpose: "Configure Will information" },
  "QMTCFG.TIMEOUT": { section: "3.2.1", purpose: "Configure timeout of message delivery" },
  "QMTCFG.SESSION": { section: "3.2.1", purpose: "Configure session type" },
  "QMTCFG.KEEPALIVE": { section: "3.2.1", purpose: "Configure keep alive time" },
  "QMTCFG.SSL": { section: "3.2.1", purpose: "Configure SSL secure connection" },
  QMTOPEN: { section: "3.2.2", purpose: "Open a network for MQTT client" },
  QMTCLOSE: { section: "3.2.3", purpose: "Close a network for MQTT client" },
  QMTCONN: { section: "3.2.4", purpose: "Connect a client to MQTT server" },
  QMTDISC: { section: "3.2.5", purpose: "Disconnect a client from MQTT server" },
  QMTSUB: { section: "3.2.6", purpose: "Subscribe to topics" },
  QMTUNS: { section: "3.2.7", purpose: "Unsubscribe from topics" },
  QMTPUB: { section: "3.2.8", purpose: "Publish messages" },
};

/** The note's name of each parameter of the table, and what it says besides the range. */
export const PARAMETERS: { [name: string]: { note: string; remark?: string } } = {
  id: { note: "tcpconnectID", remark: "MQTT socket identifier" },
  will: { note: "will_fg", remark: "1: all parameters behind it must be present" },
  "will.qos": { note: "will_qos" },
  "will.retain": { note: "will_retain" },
  "will.topic": { note: "will_topic" },
  "will.payload": { note: "will_msg", remark: "can be of zero length" },
  packetTimeout: { note: "pkt_timeout", remark: "seconds, default 5" },
  retryTimes: { note: "retry_times", remark: "default 3" },
  notice: { note: "timeout_notice", remark: "1: report time-outs when a packet is sent" },
  clean: { note: "clean_session", remark: "0: the server keeps the subscriptions" },
  keepalive: { note: "keep-alive time", remark: "seconds, default 120; 0: never disconnected" },
  tls: { note: "sslenable" },
  "tls.context": { note: "ctxindex", remark: "SSL context, must be present when `<sslenable>` is 1" },
  host: { note: "host_name", remark: "address or domain name" },
  port: { note: "port" },
  clientId: { note: "clientID" },
  username: { note: "username" },
  password: { note: "password" },
  msgID: { note: "msgID" },
  topic: { note: "topic" },
  qos: { note: "qos" },
  retain: { note: "retain" },
};

/** What is special about a parameter in one row. */
export const REMARKS: { [rowAndName: string]: string } = {
  "QMTPUB.msgID": "0 only when `<qos>` is 0",
};

/** The note's time for results that depend on AT+QMTCFG="TIMEOUT". */
const PACKETS = "`<pkt_timeout> * <retry_times>`, default 15 s, determined by network";

/** Answers to the read form or the query, the result URC, and its time where that is no number. */
export const ANSWERS: { [row: string]: { read?: string; query?: string; result?: string; time?: string } } = {
  "QMTCFG.WILL": { query: "+QMTCFG: <will_fg>[,<will_qos>,<will_retain>,<will_topic>,<will_msg>]" },
  "QMTCFG.TIMEOUT": { query: "+QMTCFG: <pkt_timeout>,<retry_times>,<timeout_notice>" },
  "QMTCFG.SESSION": { query: "+QMTCFG: <clean_session>" },
  "QMTCFG.KEEPALIVE": { query: "+QMTCFG: <keep-alive time>" },
  "QMTCFG.SSL": { query: "+QMTCFG: <sslenable>[,<ctxindex>]" },
  QMTOPEN: { read: '+QMTOPEN: <tcpconnectID>,"<host_name>",<port>', result: "+QMTOPEN: <tcpconnectID>,<result>" },
  QMTCLOSE: { result: "+QMTCLOSE: <tcpconnectID>,<result>" },
  QMTCONN: {
    read: "+QMTCONN: <tcpconnectID>,<state>",
    result: "+QMTCONN: <tcpconnectID>,<result>[,<ret_code>]",
    time: "`<pkt_timeout>`, default 5 s, determined by network",
  },
  QMTDISC: { result: "+QMTDISC: <tcpconnectID>,<result>" },
  QMTSUB: { result: "+QMTSUB: <tcpconnectID>,<msgID>,<result>[,<value>]", time: PACKETS },
  QMTUNS: { result: "+QMTUNS: <tcpconnectID>,<msgID>,<result>", time: PACKETS },
  QMTPUB: { result: "+QMTPUB: <tcpconnectID>,<msgID>,<result>[,<value>]", time: PACKETS },
};

/** What a URC says; with a section, those that chapter 4 of the note defines. */
export const NOTIFICATIONS: { [name: string]: { section?: string; form?: string; meaning: string } } = {
  "+PDP DEACT": { meaning: "the network has closed the PDP context; it is opened anew" },
  "+QMTSTAT": {
    section: "4.1.1",
    form: "+QMTSTAT: <tcpconnectID>,<err_code>",
    meaning: "the state of the MQTT link has changed, and the modem has closed the connection",
  },
  "+QMTRECV": {
    section: "4.1.2",
    form: "+QMTRECV: <tcpconnectID>,<msgID>,<topic>,<payload>",
    meaning: "a message from the server",
  },
};

/** A family of numbers: where it stands, and the driver's error for each; "" if it leads to none. */
export interface Family {
  title: string;
  section: string;
  outcome(code: number): string;
}

const PACKET: { [code: number]: string } = {
  0: "none; a topic with 128 as `<value>` was refused by the broker, `EREFUSED` when all of them were",
  1: "none; `<value>` counts the retransmissions, the wait begins anew",
};

const STAT: { [code: number]: string } = {
  2: '"close" with `ECLOSED`; the PDP context is opened anew before the next attempt',
  5: '"close" with `ECLOSED`; expected behind AT+QMTDISC, then without an error',
};

const CME: { [code: number]: string } = {
  11: "`ECME`; in a bring-up without a PIN, or with one that was refused, `ESIM`",
  14: "`ECME`; in a bring-up the driver waits for the SIM",
  8512: "none for a publish: it is sent again; else `ECME`",
};

/** SIM errors that end a bring-up. */
const SIM = [10, 12, 13, 15, 16, 17, 18];

export const FAMILIES: { [family: string]: Family } = {
  open: {
    title: "`<result>` of +QMTOPEN",
    section: "3.2.2",
    outcome: (code) =>
      code === 0
        ? ""
        : code === 2
          ? "none at first: closed and opened once more, then `EOPEN`"
          : code === 3
            ? "`EOPEN`; the PDP context is opened anew"
            : "`EOPEN`",
  },
  close: {
    title: "`<result>` of +QMTCLOSE",
    section: "3.2.3",
    outcome: (code) => (code === 0 ? "" : "none; the identifier is closed before it is used again"),
  },
  conn: {
    title: "`<state>` of AT+QMTCONN?",
    section: "3.2.4",
    outcome: () => "",
  },
  ret: {
    title: "`<ret_code>` of +QMTCONN",
    section: "3.2.4",
    outcome: (code) =>
      code === 0 ? "" : code === 3 ? "`EREFUSED`, tried again" : "`EREFUSED`, given up after `refusedRetries`",
  },
  disc: {
    title: "`<result>` of +QMTDISC",
    section: "3.2.5",
    outcome: (code) => (code === 0 ? "" : "none; AT+QMTCLOSE follows"),
  },
  packet: {
    title: "`<result>` of +QMTCONN, +QMTSUB, +QMTUNS and +QMTPUB",
    section: "3.2.4, 3.2.6 to 3.2.8",
    outcome: (code) => PACKET[code] ?? "`ETIMEOUT`",
  },
  stat: {
    title: "`<err_code>` of +QMTSTAT",
    section: "4.1.1",
    outcome: (code) => STAT[code] ?? '"close" with `ECLOSED`; also "error" before the connection was established',
  },
  cme: {
    title: "`<err>` of +CME ERROR",
    section: "6.2; numbers below 8503: GSM AT commands",
    outcome: (code) => CME[code] ?? (SIM.includes(code) ? "`ECME`; in a bring-up `ESIM`" : "`ECME`"),
  },
};
