// What can be wrong, in words of a person with a soldering iron: what it is, what to do, and where the manual has more. It finds
// nothing.

export type Verdict = "ok" | "note" | "warning" | "fault" | "skipped";

export interface FindingText {
  verdict: "fault" | "warning" | "note";
  /** What is wrong. */
  says: string;
  /** What to do about it. */
  todo: string;
  /** Page and heading. */
  place: string;
}

const wiring = "docs/wiring.md";
const tls = "docs/tls.md";
const no = "docs/wiring.md#when-it-does-not-work";

/**
 * From the root upwards: of several faults the one that stands first here is named first, since it may be the cause of those
 * behind it.
 */
export const findingTexts = {
  silence: {
    verdict: "fault",
    says: "nothing answers, at any rate",
    todo: "Is NETLIGHT dark? Then the modem is off: PWRKEY pulse missing, shorter than a second or inverted, or VBAT below 3.3 V. Does it blink? Then swap RX and TX (the modem's TXD goes to your RXD), connect the grounds, pull DTR low.",
    place: no,
  },
  deaf: {
    verdict: "fault",
    says: "the modem runs (STATUS is high), but nothing of it is heard",
    todo: "The modem may hear you while you do not hear it: its TXD gives 2.8 V at best and may give only 2.4 V, which a 5 V input, and some 3.3 V inputs, take for low. Put a level shifter in, or check the wire from its TXD to your RXD.",
    place: `${wiring}#levels`,
  },
  "key-dead": {
    verdict: "fault",
    says: "PWRKEY was pressed, and STATUS stays low",
    todo: "Measure at the module's pad: it must be pulled below a tenth of VBAT for more than a second. A transistor in between inverts the level. VBAT must be between 3.3 and 4.6 V before the press.",
    place: `${wiring}#what-the-power-switch-does`,
  },
  echo: {
    verdict: "fault",
    says: "your own bytes come back, and nothing else",
    todo: "RX and TX touch each other, or the adapter is looped to itself: look for a solder bridge or a jumper. An echo with nothing behind it is not the modem's.",
    place: no,
  },
  garbage: {
    verdict: "fault",
    says: "something comes back, and it is no text at any rate",
    todo: "Is the ground connected? Is the level right (2.8 V logic, not RS-232)? An inverted signal looks like this, too.",
    place: `${wiring}#levels`,
  },
  rate: {
    verdict: "fault",
    says: "the modem talks at another rate",
    todo: "It is set to a fixed rate: give that rate, or set it to yours with AT+IPR and AT&W.",
    place: no,
  },
  asleep: {
    verdict: "fault",
    says: "the modem was asleep: it answers only while DTR is low",
    todo: "AT+QSCLK=1 was stored, and DTR is high or floats. Connect DTR to ground, or send AT+QSCLK=0 and AT&W.",
    place: no,
  },
  noise: {
    verdict: "fault",
    says: "some answers are damaged",
    todo: "Bytes are lost or changed on the wire: shorter wires, a common ground, a lower rate, no 5 V level into 2.8 V inputs. On a busy host, its buffer overflows: wire flow control, or lower the rate.",
    place: `${wiring}#levels`,
  },
  reboots: {
    verdict: "fault",
    says: "the modem started anew while it was looked at",
    todo: "The supply breaks down when it transmits: bursts of 1.6 A, so it must give 2 A and drop no more than 400 mV. Thick short leads, 100 µF low ESR and 0.1 µF at VBAT, no supply from USB. The mean that AT+CBC shows misses the dips: look with an oscilloscope.",
    place: `${wiring}#supply`,
  },
  "supply-dips": {
    verdict: "fault",
    says: "the modem warns of its supply",
    todo: "VBAT must stay between 3.5 and 4.5 V also in the bursts of 1.6 A: a supply that gives 2 A, thick short leads, 100 µF low ESR at VBAT.",
    place: `${wiring}#supply`,
  },
  "supply-low": {
    verdict: "fault",
    says: "VBAT is low",
    todo: "Below 3.5 V it warns, below 3.3 V it switches itself off. It wants 3.8 to 4.2 V, from something that gives 2 A.",
    place: `${wiring}#supply`,
  },
  "supply-high": {
    verdict: "fault",
    says: "VBAT is high",
    todo: "Above 4.5 V it warns, above 4.6 V it switches itself off, and more destroys it. Put a regulator in.",
    place: `${wiring}#supply`,
  },
  "no-mqtt": {
    verdict: "fault",
    says: "this firmware knows no MQTT",
    todo: "AT+QMTOPEN is refused: the driver needs a firmware with the AT+QMT commands. Ask Quectel for one; the revision is in the report.",
    place: "docs/commands.md",
  },
  numeric: {
    verdict: "warning",
    says: "answers were set to numbers (ATV0)",
    todo: "The driver sends ATV1 at each start. Another program stored it: AT&F and AT&W bring the factory's settings back.",
    place: no,
  },
  "prompt-left": {
    verdict: "warning",
    says: "the modem was still waiting for the data of an earlier command",
    todo: "An earlier program ended between a prompt and its data. The driver leads it out by itself.",
    place: "docs/recovery.md",
  },
  "sleep-on": {
    verdict: "warning",
    says: "sleep is switched on (AT+QSCLK)",
    todo: "With DTR floating or high the modem goes deaf. AT+QSCLK=0 and AT&W, or hold DTR low whenever you talk to it.",
    place: no,
  },
  "flow-on": {
    verdict: "warning",
    says: "flow control is switched on (AT+IFC)",
    todo: "With RTS and CTS not wired it may stop in the middle. AT+IFC=0,0 and AT&W, or wire them.",
    place: no,
  },
  "radio-off": {
    verdict: "fault",
    says: "the radio is switched off (AT+CFUN)",
    todo: "AT+CFUN=1; the driver sends it at each start.",
    place: no,
  },
  locked: {
    verdict: "fault",
    says: "the modem is locked to one frequency (AT+QLOCKF)",
    todo: "It finds no other cell. AT+QLOCKF=0, then switch it off and on.",
    place: no,
  },
  "sim-absent": {
    verdict: "fault",
    says: "there is no SIM",
    todo: "Is it the right way round, pushed home, the slot closed? Clean the contacts. A nano SIM in an adapter slips.",
    place: `${wiring}#antenna-and-sim`,
  },
  "sim-failure": {
    verdict: "fault",
    says: "the SIM does not work",
    todo: "Clean its contacts and try it in a telephone. Long wires to the SIM slot pick up the transmitter: keep them short.",
    place: `${wiring}#antenna-and-sim`,
  },
  "sim-busy": {
    verdict: "fault",
    says: "the SIM stays busy",
    todo: "Half a minute is too long: try it in a telephone, and look for a bad contact.",
    place: `${wiring}#antenna-and-sim`,
  },
  "sim-puk": {
    verdict: "fault",
    says: "the SIM is locked and wants its PUK",
    todo: "Unlock it in a telephone. The driver never enters a PUK.",
    place: no,
  },
  "phone-lock": {
    verdict: "fault",
    says: "the modem is locked to another SIM or operator",
    todo: "It was sold by an operator, or locked to one card. Use that card, or have it unlocked.",
    place: no,
  },
  "pin-needed": {
    verdict: "fault",
    says: "the SIM asks for its PIN",
    todo: "Give it with --pin (in the driver: option pin), or switch the PIN off in a telephone.",
    place: "docs/node.md",
  },
  "pin-tries": {
    verdict: "fault",
    says: "the PIN was not sent: a wrong one was tried before",
    todo: "A third wrong PIN locks the card. Enter it once in a telephone, which sets the count back.",
    place: no,
  },
  "pin-wrong": {
    verdict: "fault",
    says: "the SIM refused the PIN",
    todo: "It was tried once and is not tried again. Look it up; another wrong one or two lock the card.",
    place: no,
  },
  "no-antenna": {
    verdict: "fault",
    says: "no signal at all",
    todo: "Antenna: is it plugged in, on the right socket, made for 850/900/1800/1900 MHz? Without one the modem may also damage its transmitter.",
    place: `${wiring}#antenna-and-sim`,
  },
  "no-network": {
    verdict: "fault",
    says: "it searches, and no network takes it",
    todo: "Is there 2G at this place at all? Many operators have switched it off. Antenna and band (AT+QBAND); another place near a window.",
    place: `${wiring}#antenna-and-sim`,
  },
  "not-searching": {
    verdict: "fault",
    says: "it does not search for a network",
    todo: "The SIM is not accepted by any network here, or the operator was fixed by hand: AT+COPS=0.",
    place: no,
  },
  denied: {
    verdict: "fault",
    says: "the network refuses this SIM",
    todo: "The signal is there and the network says no: the SIM is not active, its plan has run out, it may not roam, or the IMEI is barred. Ask its operator.",
    place: no,
  },
  "signal-weak": {
    verdict: "warning",
    says: "the signal is weak",
    todo: "Up to 10 is not enough and 11 to 15 the least. Another place, a better antenna, away from metal; connections will drop.",
    place: `${wiring}#antenna-and-sim`,
  },
  "no-data-plan": {
    verdict: "fault",
    says: "calls would work, data does not: the network has no GPRS for this SIM",
    todo: "CREG is fine and CGREG is not: the plan of the SIM has no data, or there is no GPRS in this network. Ask its operator.",
    place: no,
  },
  "no-attach": {
    verdict: "fault",
    says: "the modem cannot attach to GPRS",
    todo: "AT+CGATT=1 is refused. Try again in ten minutes; if it stays so, the plan has no data.",
    place: no,
  },
  "apn-unknown": {
    verdict: "fault",
    says: "the network does not know this APN",
    todo: "Look the access point name up at the SIM's operator; it is often not the one of its telephone plans.",
    place: "docs/node.md",
  },
  "apn-login": {
    verdict: "fault",
    says: "the APN wants another user or password",
    todo: "Give those that the operator names (apn: { name, username, password }); many take any, some want none.",
    place: "docs/node.md",
  },
  "not-subscribed": {
    verdict: "fault",
    says: "this SIM has not subscribed to data",
    todo: "Book data at its operator, or another plan.",
    place: no,
  },
  congestion: {
    verdict: "fault",
    says: "the network has no room at the moment",
    todo: "Try again in ten minutes, and at another place.",
    place: no,
  },
  "pdp-failed": {
    verdict: "fault",
    says: "no packet connection comes about",
    todo: "APN, then the plan. Quectel's advice: three tries ten minutes apart before the modem is started anew.",
    place: no,
  },
  "no-route": {
    verdict: "fault",
    says: "the packet connection stands, and nothing comes through",
    todo: "The credit may be used up, or the plan leads only into the operator's own network (a private APN). Ask the operator.",
    place: no,
  },
  dns: {
    verdict: "fault",
    says: "the broker's name is not known",
    todo: "A typing mistake, or a name that only your own network knows: the modem asks the operator's DNS. Try the address instead.",
    place: no,
  },
  "broker-refused": {
    verdict: "fault",
    says: "nobody answers at the broker's port",
    todo: "Does the broker run, on this port, reachable from the internet? A broker at home is behind a router, and a firewall may let no stranger in.",
    place: no,
  },
  "tls-clock": {
    verdict: "fault",
    says: "the modem's clock makes certificates invalid",
    todo: "It starts in 2004. The driver sets it from the host's clock (option wallClock) or the network's; without either, tls: { ignoreTime: true }.",
    place: `${tls}#when-it-does-not-connect`,
  },
  "tls-ca": {
    verdict: "fault",
    says: "the broker's certificate is not accepted with this CA",
    todo: "Look at it with m95-certs check --ca FILE --broker HOST: it must be the CA that issued the broker's certificate, RSA and SHA-256, and the certificate must be for the name that is dialled.",
    place: `${tls}#when-it-does-not-connect`,
  },
  "tls-file": {
    verdict: "fault",
    says: "the modem does not take the CA file",
    todo: "PEM, at most 32,768 bytes in RAM. Without flow control a long file may lose bytes on the way: the checksum tells.",
    place: `${tls}#when-it-does-not-connect`,
  },
  "tls-refused": {
    verdict: "fault",
    says: "the broker and the modem agree on no TLS, with or without a look at certificates",
    todo: "An M95 has RSA key exchange only: no ECDHE, no GCM, no SNI, no TLS 1.3. A broker that wants those refuses it; is it the TLS port?",
    place: `${tls}#when-it-does-not-connect`,
  },
  "connect-version": {
    verdict: "fault",
    says: "the broker does not take this MQTT version (return code 1)",
    todo: "The M95 speaks MQTT 3.1. The broker has to allow it.",
    place: "docs/node.md",
  },
  "connect-id": {
    verdict: "fault",
    says: "the broker does not take this client ID (return code 2)",
    todo: "MQTT 3.1 allows 1 to 23 characters; some brokers want one that they know.",
    place: "docs/node.md",
  },
  "connect-unavailable": {
    verdict: "fault",
    says: "the broker is not available (return code 3)",
    todo: "It runs, and says so itself: try later, or ask whoever runs it.",
    place: "docs/node.md",
  },
  "connect-login": {
    verdict: "fault",
    says: "the broker refuses user or password (return code 4)",
    todo: "Give them with --user and --password.",
    place: "docs/node.md",
  },
  "connect-denied": {
    verdict: "fault",
    says: "the broker lets this client not in (return code 5)",
    todo: "User, password, client ID or the certificate are not allowed there.",
    place: "docs/node.md",
  },
  "no-connack": {
    verdict: "fault",
    says: "the port is open, and the broker does not answer CONNECT",
    todo: "Something else may listen there, such as a web server, or a TLS port spoken to in plain.",
    place: no,
  },
  "connect-closed": {
    verdict: "fault",
    says: "the broker closes the connection instead of answering CONNECT",
    todo: "It may want TLS, another MQTT version, or a known client ID; its log says which.",
    place: no,
  },
  "subscribe-refused": {
    verdict: "fault",
    says: "the broker refuses the subscription",
    todo: "It has rules for topics: allow the one of this check-up (see the report), or give another with --topic.",
    place: "docs/delivery.md",
  },
  "no-suback": {
    verdict: "fault",
    says: "no answer to SUBSCRIBE",
    todo: "CONNECT was answered and this is not: the broker hangs, or the line is very slow.",
    place: "docs/delivery.md",
  },
  "no-puback": {
    verdict: "fault",
    says: "the broker does not acknowledge a publish",
    todo: "It may be forbidden to publish there, and some brokers then say nothing; its log says so. Or packets get lost.",
    place: "docs/delivery.md",
  },
  "not-returned": {
    verdict: "fault",
    says: "messages are acknowledged, and do not come back",
    todo: "The broker's rules let this client not publish or not read the topic, or another client with the same ID took the session over.",
    place: "docs/delivery.md",
  },
  payload: {
    verdict: "warning",
    says: "what was published came back changed",
    todo: 'See which bytes in the report. Give encoding: "base64" to the driver for payloads that are not plain text.',
    place: "docs/payloads.md",
  },
  "retry-alone": {
    verdict: "warning",
    says: "a packet that was sent again gets no final result",
    todo: "The driver waits for all tries and then says EUNKNOWN: it may have arrived. Give a packetTimeout above the slowest round trip, so that nothing is sent again.",
    place: "docs/delivery.md",
  },
  "sent-again": {
    verdict: "warning",
    says: "packets had to be sent again",
    todo: "The acknowledgement took more than 5 s or was lost: a weak signal, or a slow network or broker. Messages may arrive twice with QoS 1. Give a longer packetTimeout.",
    place: "docs/delivery.md",
  },
  "link-lost": {
    verdict: "fault",
    says: "the connection was lost in the middle",
    todo: "Weak signal, or the supply: see those rows. The driver connects again by itself.",
    place: "docs/recovery.md",
  },
  "no-poweroff": {
    verdict: "warning",
    says: "the modem does not switch itself off",
    todo: "AT+QPOWD=1 was answered by nothing. The driver presses PWRKEY then, where it is wired.",
    place: `${wiring}#what-the-power-switch-does`,
  },
} as const satisfies Record<string, FindingText>;

export type FindingId = keyof typeof findingTexts;

/** Where a finding stands among others: faults before warnings, roots before what grows out of them. */
export function rank(id: FindingId): number {
  const kinds = ["fault", "warning", "note"];
  return kinds.indexOf(findingTexts[id].verdict) * 1000 + Object.keys(findingTexts).indexOf(id);
}
