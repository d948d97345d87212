// What an M95 draws and how long its radio is busy: every figure once, with its source and how sure it is. No sums here.

/** A a document of the maker or two independent sources, B one good source, C a sibling module, D inference. */
export type Confidence = "A" | "B" | "C" | "D";

export interface Fact {
  value: number;
  unit: "mA" | "ms" | "kbit/s" | "bytes";
  confidence: Confidence;
  /** What it is. */
  what: string;
  /** Where it is from. */
  source: string;
}

const hardwareDesign = "M95 hardware design V1.0, at 4.0 V";

/** Currents are means over the time in a state, at the module's VBAT. */
export const energyFacts = {
  off: fact(0.03, "mA", "A", "off, VBAT connected", hardwareDesign),
  sleepDrx5: fact(0.9, "mA", "A", "asleep, paging every 5 multiframes (1.2 s)", hardwareDesign),
  sleepDrx9: fact(0.7, "mA", "A", "asleep, paging every 9 multiframes (2.1 s)", hardwareDesign),
  idle: fact(13, "mA", "A", "awake and registered, nothing to send", hardwareDesign),
  boot: fact(50, "mA", "D", "from STATUS high until the UART answers", "field reports of 50 to 80 mA, whole cycle"),
  registration: fact(
    65,
    "mA",
    "D",
    "search, registration, attach, PDP context, log off",
    "field reports of 50 to 80 mA, whole cycle",
  ),
  receiving: fact(65, "mA", "D", "packet channel open, nothing sent", "below talking at the lowest power, 73 mA"),
  transmitLow: fact(
    73,
    "mA",
    "C",
    "sending in one slot at the lowest power",
    "talking (one slot) in the hardware design",
  ),
  transmitFull: fact(215, "mA", "C", "sending in one slot at full power", "a sibling in GPRS; talking 206 to 214 mA"),
  slotLow: fact(10, "mA", "D", "each further slot at the lowest power", "inferred"),
  slotFull: fact(95, "mA", "C", "each further slot at full power", "a sibling in GPRS, four slots: 499 mA"),
  slotRate: fact(10, "kbit/s", "D", "bytes through one slot", "CS-2 less its overhead; 8 with CS-1, 20 with CS-4"),
  header: fact(40, "bytes", "A", "TCP and IP around each packet, and each acknowledgement of TCP", "RFC 791, 9293"),
  access: fact(600, "ms", "D", "until a quiet radio has a packet channel", "200 to 1000 ms are usual"),
  roundTrip: fact(600, "ms", "D", "to the broker and back", "400 to 1000 ms are usual in GPRS"),
  tail: fact(2000, "ms", "D", "the packet channel stays open behind the last packet", "1 to 5 s, the network decides"),
  tlsUp: fact(700, "bytes", "D", "a TLS handshake, sent", "RSA key exchange without client certificate"),
  tlsDown: fact(4000, "bytes", "D", "a TLS handshake, received", "a chain of two certificates"),
} satisfies Record<string, Fact>;

export type FactName = keyof typeof energyFacts;
export type FactValues = Record<FactName, number>;

/** Slots up and down at most, by multislot class. The M95 has class 12, and can be set to less (AT+QGPCLASS). */
export const multislot = { 8: { up: 1, down: 4 }, 10: { up: 2, down: 4 }, 12: { up: 4, down: 4 } } as const;

export interface EnergyOptions {
  /** Paging period of the network, 51-frame multiframes; default 5. */
  drx?: 5 | 9;
  /** Default 12. */
  gprsClass?: keyof typeof multislot;
  /** Figures of your own, measured or read elsewhere. */
  facts?: Partial<FactValues>;
}

export function factValues(own: Partial<FactValues> = {}): FactValues {
  const entries = Object.entries(energyFacts).map(([name, { value }]) => [name, value]);
  return { ...(Object.fromEntries(entries) as FactValues), ...own };
}

/** Power control of the module: full power up to -93 dBm, the lowest from -53 dBm on. */
const weak = 10;
const strong = 30;

/** mA while sending; `rssi` 0 to 31 as AT+CSQ prints it, 99 counts as the weakest. */
export function transmitting(facts: FactValues, slots: number, rssi: number): number {
  const signal = rssi > 31 ? 0 : rssi;
  const full = Math.min(1, Math.max(0, (strong - signal) / (strong - weak)));
  const one = facts.transmitLow + full * (facts.transmitFull - facts.transmitLow);
  return one + (slots - 1) * (facts.slotLow + full * (facts.slotFull - facts.slotLow));
}

/** ms that so many bytes with their headers take. */
export function airTime(facts: FactValues, slots: number, bytes: number): number {
  return ((bytes + facts.header) * 8) / (facts.slotRate * slots);
}

function fact(value: number, unit: Fact["unit"], confidence: Confidence, what: string, source: string): Fact {
  return { value, unit, confidence, what, source };
}
