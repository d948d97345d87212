// Messages taken apart: every shape of +QMTRECV, topics with commas, and what is learned of the firmware.
import { Inbox, type Receiver } from "../../../core/mqtt/inbound.js";
import test from "../../support/harness.js";

type Message = [id: number, msgid: number, topic: string, payload: string, ambiguous: boolean];

/** An inbox of six clients that have the same filters, and what it does with a text. */
function inbox(filters: string[] = []) {
  const stats = { orphans: 0 };
  let got: Message | undefined;
  const clients: Receiver[] = [0, 1, 2, 3, 4, 5].map((id) => ({
    filters: () => filters,
    received: (topic, payload, msgid, ambiguous) => {
      got = [id, msgid, topic, payload, ambiguous];
    },
  }));
  const box = new Inbox(clients, stats);
  return {
    stats,
    clients,
    read(text: string, ambiguous = false) {
      got = undefined;
      box.received(text, ambiguous);
      return got;
    },
  };
}

function read(text: string, filters: string[] = [], ambiguous = false) {
  return inbox(filters).read(text, ambiguous);
}

test("the four shapes", (t) => {
  t.deepEqual(read('+QMTRECV: 0,0, "topic/example", "the payload"'), [0, 0, "topic/example", "the payload", false]);
  t.deepEqual(read('+QMTRECV: 5,65535,"a/b",the payload'), [5, 65535, "a/b", "the payload", false]);
  t.deepEqual(read("+QMTRECV: 0,1,test,M95 Hello World"), [0, 1, "test", "M95 Hello World", false]);
  t.deepEqual(read('+QMTRECV: 1,2,"a","b"'), [1, 2, "a", "b", false]);
});

test("empty payloads, and payloads of commas, quotes and line ends", (t) => {
  t.deepEqual(read('+QMTRECV: 0,0, "a", ""'), [0, 0, "a", "", false]);
  t.deepEqual(read('+QMTRECV: 0,0,"a",'), [0, 0, "a", "", false]);
  t.deepEqual(read("+QMTRECV: 0,0,a,"), [0, 0, "a", "", false]);
  t.deepEqual(read('+QMTRECV: 0,0,"a",x,"y",\r\nz'), [0, 0, "a", 'x,"y",\r\nz', false]);
  t.deepEqual(read('+QMTRECV: 0,0, "a", "x","y""'), [0, 0, "a", 'x","y"', false]);
  t.deepEqual(read('+QMTRECV: 0,0,"a,b",x'), [0, 0, "a,b", "x", false]);
  t.deepEqual(read('+QMTRECV: 0,0,"a", "x"'), [0, 0, "a", ' "x"', false]);
});

test("a payload that came bare teaches that quotes belong to payloads; a cut one teaches nothing", (t) => {
  const box = inbox();
  t.deepEqual(box.read('+QMTRECV: 0,0,"a","cut'), [0, 0, "a", '"cut', false]);
  t.deepEqual(box.read('+QMTRECV: 0,0, "a", cut'), [0, 0, "a", "cut", false]);
  t.deepEqual(box.read('+QMTRECV: 0,0,"a","x"'), [0, 0, "a", "x", false]);
  box.read('+QMTRECV: 0,0,"a",bare');
  t.deepEqual(box.read('+QMTRECV: 0,0,"a","x"'), [0, 0, "a", '"x"', false]);
});

test("an unquoted topic with commas: a filter decides; two that fit make it ambiguous", (t) => {
  const line = "+QMTRECV: 0,0,a,b,c";
  t.deepEqual(read(line), [0, 0, "a", "b,c", false]);
  t.deepEqual(read(line, ["a,b"]), [0, 0, "a,b", "c", false]);
  t.deepEqual(read(line, ["+"]), [0, 0, "a", "b,c", true]);
  t.deepEqual(read(line, [], true), [0, 0, "a", "b,c", true]);
});

test("a message without a client, and what is no message, are counted", (t) => {
  const box = inbox();
  const texts = [
    "",
    "+QMTRECV: 0",
    "+QMTRECV: 0,1",
    "+QMTRECV: 6,0,a,b",
    "+QMTRECV: x,0,a,b",
    "+QMTRECV: 0,-1,a,b",
    "+QMTRECV: 0,65536,a,b",
    '+QMTRECV: 0,0,"a',
    "+QMTRECV: 0,0,a",
  ];
  for (const text of texts) t.is(box.read(text), undefined);
  t.is(box.stats.orphans, texts.length);
  box.clients.splice(1, 1, undefined as unknown as Receiver);
  t.is(box.read("+QMTRECV: 1,0,a,b"), undefined);
  t.is(box.stats.orphans, texts.length + 1);
});
