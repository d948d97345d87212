// SIM, registration, identity, clock and the GPRS context of the virtual modem (facts sheet 3, 4 and 6).

import test from "ava";
import { cmeError, ok, Rig, running } from "./rig.js";

const error = "\r\nERROR\r\n";

function line(text: string): string {
  return `\r\n${text}\r\n${ok}`;
}

test("identity commands print bare lines before OK", (t) => {
  const rig = running({ imei: "861111111111111", revision: "M95FAR02A08", sim: { imsi: "262019999999999" } });
  rig.say("ATE0\r");
  const answers: Record<string, string> = {
    "AT+GSN": line("861111111111111"),
    "AT+CGSN": line("861111111111111"),
    "AT+CIMI": line("262019999999999"),
    "AT+GMR": line("Revision:M95FAR02A08"),
    "AT+QGMR": line("Revision:M95FAR02A08"),
    "AT+CGMI": line("Quectel_Ltd"),
    "AT+CGMM": line("Quectel_M95"),
    "AT+QCCID": line("89490200001234567890"),
    "AT+CCID": line('+CCID: "89490200001234567890"'),
    "AT+CBC": line("+CBC: 0,82,3955"),
    "AT+CSQ": line("+CSQ: 21,0"),
    "AT+COPS?": line('+COPS: 0,0,"Testnet"'),
    "AT+QINISTAT": line("+QINISTAT: 3"),
    "AT+CFUN?": line("+CFUN: 1"),
    "AT+CPIN?": line("+CPIN: READY"),
    "AT+CREG?": line("+CREG: 0,1"),
    "AT+CGREG?": line("+CGREG: 0,1"),
    "AT+CGATT?": line("+CGATT: 1"),
    "AT+QSCLK?": line("+QSCLK: 0"),
    "AT+IFC?": line("+IFC: 0,0"),
  };
  for (const [command, answer] of Object.entries(answers)) t.is(rig.say(`${command}\r`), answer, command);
  t.is(rig.say("ATI\r"), `\r\nQuectel_Ltd\r\nQuectel_M95\r\nRevision:M95FAR02A08\r\n${ok}`);
  t.deepEqual(rig.modem.violations, []);
});

test("quirk qccidPrefix", (t) => {
  const rig = running({ quirks: { qccidPrefix: true } });
  t.is(rig.say("AT+QCCID\r"), `AT+QCCID\r${line("+QCCID: 89490200001234567890")}`);
});

test("each SIM state answers AT+CPIN? in its way", (t) => {
  const states = { ready: line("+CPIN: READY"), pin: line("+CPIN: SIM PIN"), puk: line("+CPIN: SIM PUK") };
  for (const [state, answer] of Object.entries(states)) {
    const rig = running({ sim: { state: state as "ready" } });
    rig.say("ATE0;+CMEE=1\r");
    t.is(rig.say("AT+CPIN?\r"), answer);
  }
  for (const [state, code] of Object.entries({ absent: 10, busy: 14 })) {
    const rig = running({ sim: { state: state as "absent" } });
    rig.say("ATE0;+CMEE=1\r");
    t.is(rig.say("AT+CPIN?\r"), cmeError(code));
    t.is(rig.say("AT+CIMI\r"), cmeError(code));
    t.is(rig.say("AT+CSQ\r"), line("+CSQ: 99,99"));
  }
});

test("a busy SIM becomes ready", (t) => {
  const rig = new Rig({ baud: 115_200, sim: { state: "busy" } });
  rig.press(1100);
  rig.hear(3500);
  rig.say("ATE0;+CMEE=1\r");
  t.is(rig.say("AT+CPIN?\r"), cmeError(14));
  t.true(rig.hear(9000).startsWith("\r\n+CPIN: READY\r\n"));
  t.is(rig.say("AT+CPIN?\r"), line("+CPIN: READY"));
});

test("the right PIN opens the SIM; registration follows", (t) => {
  const rig = new Rig({ baud: 115_200, sim: { state: "pin", pin: "4711" }, registerAfter: 1000 });
  rig.press(1100);
  t.is(rig.hear(8000), "\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: SIM PIN\r\n");
  rig.say("ATE0;+CMEE=1;+CREG=1\r");
  t.is(rig.say("AT+CIMI\r"), cmeError(11));
  t.is(rig.say('AT+CPIN="4711"\r', 400), `${ok}\r\n+CPIN: READY\r\n\r\n+CREG: 2\r\n`);
  t.is(rig.hear(4000), "\r\n+CREG: 1\r\n\r\nCall Ready\r\n\r\nSMS Ready\r\n");
  t.is(rig.say('AT+CPIN="4711"\r', 400), cmeError(3));
  t.deepEqual(rig.modem.violations, []);
});

test("a wrong PIN is refused, a second try is a violation, the third locks; the SIM remembers over power cycles", (t) => {
  const rig = new Rig({ baud: 115_200, sim: { state: "pin", pin: "4711" } });
  const restart = (): void => {
    rig.press(1100);
    rig.hear(8000);
    rig.say("ATE0;+CMEE=1\r");
  };
  restart();
  t.is(rig.say('AT+CPIN="0000"\r', 400), cmeError(16));
  t.deepEqual(rig.kinds, []);
  t.is(rig.say('AT+CPIN="0001"\r', 400), cmeError(16));
  t.deepEqual(rig.kinds, ["pin-retry"]);
  rig.modem.pins.supply.write(0);
  rig.modem.pins.supply.write(1);
  rig.clock.advance(1000);
  restart();
  t.is(rig.say('AT+CPIN="0002"\r', 400), cmeError(12));
  t.is(rig.say("AT+CPIN?\r"), line("+CPIN: SIM PUK"));
});

test("registration passes through searching to its final state, with URCs as asked for", (t) => {
  const rig = running({ registerAfter: 5000, creg: 5, cgreg: 1 });
  rig.say("ATE0;+CMEE=1\r");
  t.is(rig.say("AT+CREG?\r"), line("+CREG: 0,2"));
  t.is(rig.say("AT+COPS?\r"), line("+COPS: 0"));
  t.is(rig.say("AT+CREG=1;+CGREG=2\r"), ok);
  t.is(rig.hear(5000), '\r\n+CREG: 5\r\n\r\n+CGREG: 1,"1A2B","3C4D"\r\n');
  t.is(rig.say("AT+CGREG?\r"), line('+CGREG: 2,1,"1A2B","3C4D"'));
  rig.modem.setRegistration(3, 3);
  t.is(rig.hear(50), "\r\n+CREG: 3\r\n\r\n+CGREG: 3\r\n");
  t.is(rig.say("AT+CGATT?\r"), line("+CGATT: 0"));
  t.is(rig.say("AT+CGATT=1\r", 1500), cmeError(30));
});

test("AT+CGATT detaches and attaches", (t) => {
  const rig = running();
  rig.say("ATE0\r");
  t.is(rig.say("AT+CGATT=0\r", 1000), ok);
  t.is(rig.say("AT+CGATT?\r"), line("+CGATT: 0"));
  t.is(rig.say("AT+CGATT=1\r", 1000), ok);
  t.is(rig.say("AT+CGATT?\r"), line("+CGATT: 1"));
});

test("signal and SIM can change at any time", (t) => {
  const rig = running();
  rig.say("ATE0;+CMEE=1\r");
  rig.modem.setSignal(7, 3);
  t.is(rig.say("AT+CSQ\r"), line("+CSQ: 7,3"));
  rig.modem.removeSim();
  t.is(rig.hear(50), "\r\n+CPIN: NOT READY\r\n");
  t.is(rig.say("AT+CPIN?\r"), cmeError(10));
  t.is(rig.say("AT+CREG?\r"), line("+CREG: 0,0"));
  rig.modem.insertSim();
  t.is(rig.hear(6000), "\r\n+CPIN: READY\r\n\r\nCall Ready\r\n\r\nSMS Ready\r\n");
  t.is(rig.say("AT+CREG?\r"), line("+CREG: 0,1"));
});

test("AT+QIURC=0 saved with &W silences Call Ready and SMS Ready; quirk smsReady only the latter", (t) => {
  const quiet = running({ baud: 115_200 });
  quiet.say("ATE0;+QIURC=0;&W\r");
  quiet.modem.reboot();
  t.is(quiet.hear(10_000), "\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n");
  const old = running({ baud: 115_200, quirks: { smsReady: false } });
  old.modem.reboot();
  t.is(old.hear(10_000), "\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\nCall Ready\r\n");
  t.is(old.say("AT+QINISTAT\r"), `AT+QINISTAT\r${line("+QINISTAT: 3")}`);
});

test("AT+CFUN=0 leaves the network, =1 comes back, 1,1 resets", (t) => {
  const rig = running({ baud: 115_200 });
  rig.say("ATE0\r");
  t.is(rig.say("AT+CFUN=0\r"), ok);
  t.is(rig.say("AT+CREG?\r"), line("+CREG: 0,0"));
  t.is(rig.say("AT+CFUN?\r"), line("+CFUN: 0"));
  t.true(rig.say("AT+CFUN=1\r", 6000).startsWith(`${ok}\r\n+CPIN: READY\r\n`));
  t.is(rig.say("AT+CREG?\r"), line("+CREG: 0,1"));
  t.is(rig.say("AT+CFUN=2\r"), error);
  t.true(rig.say("AT+CFUN=1,1\r", 4000).startsWith(`${ok}\r\nRDY\r\n`));
});

test("the clock runs, can be set, and comes from the network in AT+QLTS and +QNITZ", (t) => {
  const rig = running({ clockTime: "19/07/06,17:26:27+22" });
  rig.say("ATE0\r");
  rig.clock.advance(60_000);
  t.is(rig.say("AT+CCLK?\r"), line('+CCLK: "19/07/06,17:27:27+22"'));
  t.is(rig.say("AT+QLTS\r"), line('+QLTS: "19/07/06,17:27:27+22,0"'));
  t.is(rig.say('AT+CCLK="20/12/31,23:59:59-04"\r', 1500), ok);
  t.is(rig.say("AT+CCLK?\r"), line('+CCLK: "21/01/01,00:00:00-04"'));
  t.is(rig.say('AT+CCLK="today"\r'), error);
  t.is(rig.say("AT+CTZU=3;+QNITZ=1\r"), ok);
  const unset = running({ registerAfter: 10_000 });
  t.true(unset.say("AT+CCLK?\r").includes('+CCLK: "04/01/01,00:00:00+00"'));
  t.true(unset.say("AT+QLTS\r").includes('+QLTS: ""'));
  unset.say("AT+QNITZ=1\r");
  t.is(unset.hear(10_000), '\r\n+QNITZ: "04/01/01,00:00:10+00,0"\r\n');
});

test("the context goes INITIAL, START, GPRSACT, STATUS and back; each command only in its state", (t) => {
  const rig = running({ apn: "internet", apnUser: "u", apnPassword: "p" });
  rig.say("ATE0;+CMEE=1\r");
  const state = (): string => rig.say("AT+QISTAT\r");
  t.is(state(), `${ok}\r\nSTATE: IP INITIAL\r\n`);
  t.is(rig.say("AT+QIACT\r"), error);
  t.is(rig.say("AT+QILOCIP\r"), error);
  t.is(rig.say("AT+QIFGCNT=0\r"), ok);
  t.is(rig.say("AT+QIMUX=0;+QIMODE=0;+QIDNSIP=1\r"), ok);
  t.is(rig.say('AT+QICSGP=1,"internet","u","p"\r'), ok);
  t.is(rig.say("AT+QICSGP?\r"), line('+QICSGP: 1,"internet"'));
  t.is(rig.say("AT+QIREGAPP\r"), ok);
  t.is(rig.say("AT+QIREGAPP\r"), error);
  t.is(rig.say("AT+QIMUX=1\r"), error);
  t.is(state(), `${ok}\r\nSTATE: IP START\r\n`);
  t.is(rig.say("AT+QIACT\r", 1400), "");
  t.is(rig.hear(200), ok);
  t.is(rig.say("AT+QIACT\r"), error);
  t.is(state(), `${ok}\r\nSTATE: IP GPRSACT\r\n`);
  t.is(rig.say("AT+QILOCIP\r"), "\r\n10.76.132.9\r\n");
  t.is(state(), `${ok}\r\nSTATE: IP STATUS\r\n`);
  t.is(rig.say('AT+QICSGP=1,"other"\r'), error);
  t.is(rig.say("AT+QIDEACT\r", 1000), "\r\nDEACT OK\r\n");
  t.is(state(), `${ok}\r\nSTATE: IP INITIAL\r\n`);
  t.deepEqual(rig.modem.violations, []);
});

test("AT+QIACT fails with the wrong APN, the wrong user and without GPRS; then only AT+QIDEACT helps", (t) => {
  const attempt = (setup: string, options: Parameters<typeof running>[0]): void => {
    const rig = running(options);
    rig.say("ATE0\r");
    t.is(rig.say(`${setup}\r`), ok);
    t.is(rig.say("AT+QIREGAPP\r"), ok);
    t.is(rig.say("AT+QIACT\r", 2000), error, setup);
    t.is(rig.say("AT+QISTAT\r"), `${ok}\r\nSTATE: PDP DEACT\r\n`);
    t.is(rig.say("AT+QIREGAPP\r"), error);
    t.is(rig.say("AT+QIDEACT\r", 1000), "\r\nDEACT OK\r\n");
    t.is(rig.say("AT+QIREGAPP\r"), ok);
  };
  attempt('AT+QICSGP=1,"wrong"', { apn: "internet" });
  attempt('AT+QICSGP=1,"internet","x","p"', { apn: "internet", apnUser: "u", apnPassword: "p" });
  attempt('AT+QICSGP=1,"internet","u","x"', { apn: "internet", apnUser: "u", apnPassword: "p" });
  attempt('AT+QICSGP=1,"internet"', { cgreg: 3 });
});

test("AT+QIREGAPP takes the access point too", (t) => {
  const rig = running({ apn: "internet" });
  rig.say("ATE0\r");
  t.is(rig.say('AT+QIREGAPP="internet","",""\r'), ok);
  t.is(rig.say("AT+QIACT\r", 2000), ok);
});

test("the network drops the context: +PDP DEACT, clients die, QSSLCFG fails until AT+QIDEACT", (t) => {
  const rig = running().connected(t);
  rig.modem.dropPdp();
  t.is(rig.hear(50), "\r\n+PDP DEACT\r\n\r\n+QMTSTAT: 0,1\r\n");
  t.is(rig.say("AT+QISTAT\r"), `${ok}\r\nSTATE: PDP DEACT\r\n`);
  t.is(rig.say("AT+QMTOPEN?\r"), ok);
  t.is(rig.say('AT+QSSLCFG="seclevel",2,0\r'), cmeError(3));
  t.is(rig.say('AT+QMTOPEN=0,"broker.example",1883\r'), `${ok}\r\n+QMTOPEN: 0,3\r\n`);
  t.is(rig.say("AT+QIDEACT\r", 1000), "\r\nDEACT OK\r\n");
  t.is(rig.say('AT+QSSLCFG="seclevel",2,0\r'), ok);
});

test("quirk statAfterPdpDeact=false: the clients die in silence", (t) => {
  const rig = running({ quirks: { statAfterPdpDeact: false } }).connected(t);
  rig.modem.dropPdp();
  t.is(rig.hear(50), "\r\n+PDP DEACT\r\n");
  t.is(rig.say("AT+QMTCONN?\r"), ok);
});

test("a parameter out of range is an error and a violation", (t) => {
  const bad = [
    "AT+CMEE=3",
    "AT+CREG=3",
    "AT+CGATT=2",
    "AT+QIFGCNT=2",
    "AT+QIMUX=2",
    'AT+QICSGP=2,"internet"',
    "AT+QICSGP=1,internet",
    'AT+QICSGP=1,"internet',
    "AT+IFC=3,0",
    "AT+IPR=1234",
    "AT+QSCLK=2",
    "AT+CTZU=4",
    "AT+QPOWD=2",
    "AT+CFUN=3",
    'AT+QSSLCFG="seclevel",6,0',
    'AT+QSSLCFG="seclevel",0,3',
    'AT+QSSLCFG="nosuch",0,3',
    'AT+QSSLCFG="ciphersuite",0,"AES"',
    'AT+QSECWRITE="cert.pem",100',
    'AT+QSECWRITE="RAM:cert.pem",40000',
  ];
  for (const command of bad) {
    const rig = running();
    rig.say("ATE0\r");
    t.is(rig.say(`${command}\r`), error, command);
    t.deepEqual(rig.kinds, ["parameter"], command);
  }
});
