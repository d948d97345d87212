// Messages taken apart: every shape of +QMTRECV, topics with commas, and what is learned of the firmware.

import type { Framer } from "../../../core/at/framer.js";
import { newCounters, ORPHANS } from "../../../core/counters.js";
import { IN_PUBLISH, Inbox, NOT_ASKED, type Receiver } from "../../../core/mqtt/inbox.js";
import test from "../../support/harness.js";

type Message = [id: number, msgid: number, topic: string, payload: string, ambiguous: boolean];

/** An inbox of six clients that have the same filters, and what it does with a text. */
function inbox(filters: string[] = []) {
  const counters = newCounters();
  let got: Message | undefined;
  const clients: Receiver[] = [0, 1, 2, 3, 4, 5].map((id) => ({
    outbox: { topicFilters: () => filters },
    received: (topic, payload, msgid, ambiguous) => {
      got = [id, msgid, topic, payload, ambiguous];
    },
  }));
  const framer = { inbox: undefined, counter: undefined } as unknown as Framer;
  const box = new Inbox(clients, counters, framer);
  return {
    counters,
    clients,
    box,
    framer,
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

test("where blanks stand behind the commas, a quote in front of the payload without the one behind it: the message may go on", (t) => {
  t.deepEqual(read('+QMTRECV: 0,0, "a", ""\r\n+QMTSTAT: 0,3\r'), [0, 0, "a", '""\r\n+QMTSTAT: 0,3', true]);
  t.deepEqual(read('+QMTRECV: 0,0, "a", "\r'), [0, 0, "a", '"', true]);
  t.deepEqual(read('+QMTRECV: 0,0, "a", "x"\r'), [0, 0, "a", "x", false]);
});

test("a payload that came bare teaches that quotes belong to payloads; a cut one teaches nothing", (t) => {
  const box = inbox();
  t.deepEqual(box.read('+QMTRECV: 0,0,"a","cut'), [0, 0, "a", '"cut', false]);
  t.deepEqual(box.read('+QMTRECV: 0,0, "a", cut'), [0, 0, "a", "cut", false]);
  t.deepEqual(box.read('+QMTRECV: 0,0,"a","x"'), [0, 0, "a", "x", false]);
  box.read('+QMTRECV: 0,0,"a",bare');
  t.deepEqual(box.read('+QMTRECV: 0,0,"a","x"'), [0, 0, "a", '"x"', false]);
});

test("a forged message in quotes or without teaches nothing: it is ambiguous, or ends in the quote of the real one", (t) => {
  const box = inbox();
  box.read('+QMTRECV: 0,0,"a",forged', true);
  box.read('+QMTRECV: 0,0,"a",forged",b","payload"');
  t.deepEqual(box.read('+QMTRECV: 0,0,"a","x"'), [0, 0, "a", "x", false]);
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
  t.is(box.counters[ORPHANS], texts.length);
  box.clients.splice(1, 1, undefined as unknown as Receiver);
  t.is(box.read("+QMTRECV: 1,0,a,b"), undefined);
  t.is(box.counters[ORPHANS], texts.length + 1);
});

// ---- later firmware, which tells the length of the payload

/** An inbox whose modem tells lengths, and what it makes of a message that comes at once, up to its line end. */
function counted(filters: string[] = []) {
  const box = inbox(filters);
  box.box.count(0, true);
  return (text: string, ambiguous = false): [need: number, got: Message | undefined] => [
    box.box.measure(text),
    box.read(text, ambiguous),
  ];
}

test("lengths: the four shapes, with CR and without", (t) => {
  for (const end of ["", "\r"]) {
    const quoted = '+QMTRECV: 0,7,"a/b",5,"hello"';
    // A line end at the place of the second quote would tell that there are no quotes.
    t.deepEqual(counted()(quoted + end), [quoted.length - 1, [0, 7, "a/b", "hello", false]]);
    t.deepEqual(counted()(`+QMTRECV: 0,0, "a/b", 5,"hello"${end}`)[1], [0, 0, "a/b", "hello", false]);
    for (const bare of ['+QMTRECV: 0,7,"a/b",5,hello', "+QMTRECV: 0,7,a/b,5,hello"])
      t.deepEqual(counted()(bare + end), [bare.length, [0, 7, "a/b", "hello", false]]);
  }
});

test("lengths: empty payloads; quotes that are payload, and quotes that are the modem's", (t) => {
  for (const [text, payload] of [
    ['+QMTRECV: 0,0, "a", 0,""', ""],
    ['+QMTRECV: 0,0,"a",0,', ""],
    ["+QMTRECV: 0,0,a,0,", ""],
    ['+QMTRECV: 0,0,"a",0,""', ""],
    ['+QMTRECV: 0,0,"a",4,"on"', '"on"'],
    ['+QMTRECV: 0,0,"a",2,"on"', "on"],
    ['+QMTRECV: 0,0,"a",4,""on""', '"on"'],
    ['+QMTRECV: 0,0,"a",1,"', '"'],
    ['+QMTRECV: 0,0,"a",1,"""', '"'],
    ['+QMTRECV: 0,0,"a",10,"x","y","z', '"x","y","z'],
  ])
    for (const end of ["", "\r"]) t.deepEqual(counted()(text + end)[1], [0, 0, "a", payload, false], text);
  const read = counted();
  read('+QMTRECV: 0,0,"a",3,one');
  t.deepEqual(read('+QMTRECV: 0,0,"a",4,"on"\r')[1], [0, 0, "a", '"on"', false]);
});

test("lengths: without quotes around the topic there are none around the payload: it is no byte longer than it says", (t) => {
  for (const payload of ['"on"', '"', '"\r\nAT+QMTCFG="WILL",5\r\n'])
    for (const topic of ["a/b", '17/OK"/OK"']) {
      const text = `+QMTRECV: 0,0,${topic},${payload.length},${payload}`;
      t.deepEqual(counted(["#"])(`${text}\r`), [text.length, [0, 0, topic, payload, false]]);
    }
});

test("lengths: payloads of line ends, commas and numbers", (t) => {
  for (const payload of ["\r\nOK\r\n", "a\r", "\n", "5,x", '"a",3,b', "\r\n+QMTRECV: 0,0,a,1,b", "\0\x1a\x1b\xff"])
    for (const text of [`"a",${payload.length},${payload}`, `"a",${payload.length},"${payload}"`])
      t.deepEqual(counted()(`+QMTRECV: 0,1,${text}\r`)[1], [0, 1, "a", payload, false], text);
});

test("lengths: an unquoted topic with commas and numbers is what a filter covers; two ways to cut it make it ambiguous", (t) => {
  t.deepEqual(counted(["a,3"])("+QMTRECV: 0,0,a,3,5,hello")[1], [0, 0, "a,3", "hello", false]);
  t.deepEqual(counted(["a"])("+QMTRECV: 0,0,a,3,5,x")[1], [0, 0, "a", "5,x", false]);
  t.deepEqual(counted(["+"])("+QMTRECV: 0,0,a,3,1,x")[1], [0, 0, "a", "1,x", true]);
  t.deepEqual(counted()("+QMTRECV: 0,0,a,3,1,x")[1], [0, 0, "a", "1,x", true], "whatever is subscribed to");
});

test("lengths: where a topic came without quotes, one in front of a topic belongs to it", (t) => {
  const read = counted(["#"]);
  const text = '+QMTRECV: 0,0,",36,"+QMTRECV: 0,12,"0/,",6,"own#1#"\r\n\r\n\r';
  t.deepEqual(read("+QMTRECV: 0,0,a/b,2,on\r")[1], [0, 0, "a/b", "on", false]);
  t.deepEqual(read(text)[1], [0, 0, '"', '"+QMTRECV: 0,12,"0/,",6,"own#1#"\r\n\r\n', false]);
  // Not those of a modem that sets them after all.
  t.deepEqual(read('+QMTRECV: 0,0,"a/b",2,on\r')[1], [0, 0, "a/b", "on", false]);
});

test("lengths: before it has shown whether topics are quoted, a quote in front of one makes two ways to read it", (t) => {
  // Unquoted: topic `"/a",1500,b` with a payload of 1 byte. Quoted: topic `/a` with a payload of 1,500 bytes.
  const text = '+QMTRECV: 0,0,"/a",1500,b,1,x\r';
  const both = counted(["#"]);
  t.is(both(text)[0], 0, "the silence behind it tells");
  t.deepEqual(both(text)[1], [0, 0, '"/a",1500,b', "x", false]);
  const quoted = counted(["#"]);
  quoted('+QMTRECV: 0,0,"a/b",2,on\r');
  t.is(quoted(text)[0], '+QMTRECV: 0,0,"/a",1500,'.length + 1500);
  t.is(counted(["+/a"])(text)[0], '+QMTRECV: 0,0,"/a",1500,'.length + 1500, "the other topic was not subscribed to");
});

test("lengths: what may end a longer topic has a quote in front of its length, where it is certain that the modem sets them", (t) => {
  for (const [filter, certain] of [
    ["cmd/+", true],
    // It covers `"cmd/a"`, too.
    ["#", false],
  ] as const) {
    const { box } = inbox([filter]);
    box.count(0, true);
    t.true(box.continues("+QMTPUB: 1,57544,0"));
    box.measure('+QMTRECV: 0,0,"cmd/a",2,on\r');
    t.is(box.continues("+QMTPUB: 1,57544,0"), !certain, filter);
    t.true(box.continues('b",57544,0'));
    box.measure("+QMTRECV: 0,0,cmd/a,2,on\r");
    t.true(box.continues("+QMTPUB: 1,57544,0"), "not so after all");
  }
});

test("lengths: the head may not be there yet; a message without one is like any other", (t) => {
  t.is(counted()('+QMTRECV: 0,0,"a\r')[0], -1);
  t.deepEqual(counted()('+QMTRECV: 0,0,"a",hello\r'), [0, [0, 0, "a", "hello", false]]);
  t.deepEqual(counted()("+QMTRECV: 0,0,a,hello\r"), [0, [0, 0, "a", "hello", false]]);
  t.deepEqual(counted()('+QMTRECV: 1,0,"a",5,hello\r'), [0, [1, 0, "a", "5,hello", false]], "of another client");
  t.deepEqual(counted()("+QMTRECV: 0\r"), [0, undefined]);
});

test("lengths: one that is not that of the payload makes the message ambiguous, and nothing is kept back", (t) => {
  t.deepEqual(counted()('+QMTRECV: 0,0,"a",3,hello\r')[1], [0, 0, "a", "hello\r", true]);
  t.deepEqual(counted()('+QMTRECV: 0,0,"a",9,hello\r')[1], [0, 0, "a", "hello\r", true]);
  t.deepEqual(counted()('+QMTRECV: 0,0,"a",5,hello\r', true)[1], [0, 0, "a", "hello", true]);
  const read = counted();
  read('+QMTRECV: 0,0,"a",9,"cut\r', true);
  t.deepEqual(read('+QMTRECV: 0,0,"a",2,"on"\r')[1], [0, 0, "a", "on", false], "it teaches nothing");
});

test("lengths: told for each client, and forgotten when the modem boots", (t) => {
  const { box, framer } = inbox();
  t.deepEqual([box.offers, framer.counter], [NOT_ASKED, undefined]);
  box.offers = IN_PUBLISH;
  box.count(1, true);
  box.count(4, true);
  t.is(framer.counter, box);
  box.count(1, false);
  t.is(box.measure("+QMTRECV: 1,0,a,1,b"), 0);
  t.is(box.measure("+QMTRECV: 4,0,a,1,b"), 19);
  box.count(4, false);
  t.is(framer.counter, undefined);
  box.count(4, true);
  box.modemBooted();
  t.deepEqual([box.offers, framer.counter], [NOT_ASKED, undefined]);
});
