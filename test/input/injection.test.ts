// No string of the user becomes a command of its own: every field that ends up in one, with every byte that could end a
// parameter or a line. And whatever is taken leaves the driver as one command with one CR.
import test from "ava";
import { M95, type M95Error, type M95Options, type MqttClient } from "../../core/index.js";
import { codec as nodeCodec } from "../../targets/node/codec.js";
import { SimClock } from "../../virtual-m95/index.js";
import { type Rig, rig } from "../support/rig.js";

/** Control characters, the quote, and DEL: what a quoted parameter of the modem cannot hold. */
const FORBIDDEN = Array.from({ length: 32 }, (_, i) => i).concat(34, 127);

/** A place for a user's string, given a client that is connected; it throws, or tells `done`. */
type Place = (text: string, r: Rig & { client: MqttClient }, done: (error?: Error | null) => void) => unknown;

function make(options: Partial<M95Options>): void {
  new M95({ uart: { write: () => {}, onReceive: () => {} }, clock: new SimClock(), ...options });
}

const host = "broker.example";
const places: { [name: string]: Place } = {
  "apn.name": (text) => make({ apn: text }),
  "apn.name of an object": (text) => make({ apn: { name: text } }),
  "apn.username": (text) => make({ apn: { name: "a", username: text } }),
  "apn.password": (text) => make({ apn: { name: "a", username: "u", password: text } }),
  pin: (text) => make({ pin: text }),
  "tls.storage": (text) => make({ tls: { securityLevel: 0, storage: text as "RAM" } }),
  "tls.cipherSuites": (text) => make({ tls: { securityLevel: 0, cipherSuites: text } }),
  host: (text, { modem }) => modem.connect({ host: text }),
  clientId: (text, { modem }) => modem.connect({ host, clientId: text }),
  username: (text, { modem }) => modem.connect({ host, username: text }),
  password: (text, { modem }) => modem.connect({ host, username: "u", password: text }),
  "will.topic": (text, { modem }) => modem.connect({ host, will: { topic: text, payload: "" } }),
  "will.payload": (text, { modem }) => modem.connect({ host, will: { topic: "a", payload: text } }),
  "will.payload of bytes": (text, { modem }) =>
    modem.connect({ host, will: { topic: "a", payload: Buffer.from(text, "latin1") } }),
  "topic of publish": (text, { client }, done) => client.publish(text, "x", {}, done),
  "topic of subscribe": (text, { client }, done) => client.subscribe(text, done),
  "second topic of subscribe": (text, { client }, done) => client.subscribe(["a", text], done),
  "topic of subscribe, as a key": (text, { client }, done) => client.subscribe({ [text]: { qos: 1 } }, done),
  "topic of unsubscribe": (text, { client }, done) => client.unsubscribe(text, done),
};

const injection = "AT+CFUN=0";

function connected(): Rig & { client: MqttClient } {
  const r = rig({ power: false, modem: { codec: nodeCodec } });
  const client = r.modem.connect({ host });
  r.until("connected", () => client.connected);
  r.clock.advance(1000);
  return { ...r, client };
}

for (const [name, place] of Object.entries(places))
  test(`${name}: every byte that would end the parameter is refused, wherever it stands`, (t) => {
    const r = connected();
    const before = r.trace.length;
    for (const code of FORBIDDEN) {
      const byte = String.fromCharCode(code);
      for (const text of [byte, `a${byte}`, `${byte}a`, `a${byte}${injection}\r`, `a"${byte}\r\n${injection}\r\n`]) {
        const errors: (M95Error | null | undefined)[] = [];
        try {
          place(text, r, (error) => errors.push(error as M95Error));
          r.clock.advance(0);
        } catch (error) {
          errors.push(error as M95Error);
        }
        t.is(errors.length, 1, JSON.stringify(text));
        t.regex(errors[0]?.code ?? "accepted", /^EPARAM|ETLS$/, JSON.stringify(text));
      }
    }
    r.clock.advance(5000);
    t.deepEqual(r.trace.slice(before), [], "not a byte was sent");
  });

test("command: no control character", (t) => {
  const r = connected();
  const before = r.trace.length;
  const codes: string[] = [];
  for (const code of FORBIDDEN.filter((one) => one !== 34))
    for (const text of ["AT+CSQ?", 'AT+QMTPUB="?"', `AT+CSQ?${injection}`])
      r.modem.command(text.replace("?", String.fromCharCode(code)), {}, (error) =>
        codes.push((error as M95Error).code),
      );
  r.clock.advance(5000);
  t.deepEqual(new Set(codes), new Set(["EPARAM"]));
  t.is(codes.length, 33 * 3);
  t.deepEqual(r.trace.slice(before), []);
});

test("characters whose low byte would be a CR, an LF, a quote, Ctrl+Z or ESC go out as UTF-8", (t) => {
  const tricky = "\u010d\u010a\u0122\u011a\u011b\u017f";
  const r = rig({
    power: false,
    modem: { codec: nodeCodec, apn: { name: tricky, username: tricky, password: tricky } },
  });
  const client = r.modem.connect({
    host,
    clientId: tricky,
    username: tricky,
    password: tricky,
    will: { topic: tricky, payload: tricky },
  });
  r.until("connected", () => client.connected);
  let done = 0;
  client.subscribe(tricky, () => done++);
  client.publish(tricky, tricky, { qos: 1 }, (error) => {
    t.falsy(error);
    done++;
  });
  r.until("both", () => done === 2);
  t.is(r.broker.received[0]!.topic, tricky);
  t.deepEqual(r.virtual.violations, []);
  checkWrites(t, r);
});

test("everything printable goes out as one command with one CR", (t) => {
  let printable = "";
  for (let code = 32; code < 127; code++)
    if (!'"#+'.includes(String.fromCharCode(code))) printable += String.fromCharCode(code);
  const r = rig({
    power: false,
    modem: { codec: nodeCodec, apn: { name: ";+CFUN=0", username: "u;AT", password: ";+CFUN=0" } },
  });
  const client = r.modem.connect({
    host,
    clientId: printable,
    // A line has room for 256 bytes.
    username: printable.slice(0, 46),
    password: printable.slice(46),
    will: { topic: printable, payload: printable },
  });
  r.until("connected", () => client.connected);
  let done = 0;
  client.subscribe([printable, ";AT+CFUN=0"], () => done++);
  client.unsubscribe(";AT+CFUN=0", () => done++);
  client.publish(printable, `\r\n${injection}\r\n`, { qos: 1 }, (error) => {
    t.falsy(error);
    done++;
  });
  r.until("all", () => done === 3);
  t.is(r.broker.received[0]!.topic, printable);
  t.deepEqual(r.virtual.violations, []);
  t.false(r.trace.some((line) => line.startsWith(`>${injection}`)));
  checkWrites(t, r);
});

/** What the host wrote: commands of one line each, and data behind a prompt. */
function checkWrites(t: { is: (actual: unknown, expected: unknown, message?: string) => unknown }, r: Rig): void {
  let prompted = false;
  for (const line of r.trace) {
    if (line === "<>") prompted = true;
    if (!line.startsWith(">")) continue;
    const text = line.slice(1);
    if (!prompted) t.is(text.indexOf("\r"), text.length - 1, JSON.stringify(text));
    prompted = false;
  }
}
