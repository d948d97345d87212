// Messages taken apart: every shape of +QMTRECV, topics with commas, and what is learned of the firmware.
import { readInbound, type Shape } from "../../../core/mqtt/inbound.js";
import test from "../../support/harness.js";

const none = () => [];

function read(text: string, shape: Shape = { bare: false }, filters: () => string[] = none, ambiguous = false) {
  const message = readInbound(text, ambiguous, shape, filters);
  return message && [message.id, message.msgid, message.topic, message.payload, message.ambiguous];
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
  const shape = { bare: false };
  t.deepEqual(read('+QMTRECV: 0,0,"a","cut', shape), [0, 0, "a", '"cut', false]);
  t.deepEqual(read('+QMTRECV: 0,0, "a", cut', shape), [0, 0, "a", "cut", false]);
  t.false(shape.bare);
  t.deepEqual(read('+QMTRECV: 0,0,"a","x"', shape), [0, 0, "a", "x", false]);
  read('+QMTRECV: 0,0,"a",bare', shape);
  t.true(shape.bare);
  t.deepEqual(read('+QMTRECV: 0,0,"a","x"', shape), [0, 0, "a", '"x"', false]);
});

test("an unquoted topic with commas: a filter decides; two that fit make it ambiguous", (t) => {
  const line = "+QMTRECV: 0,0,a,b,c";
  t.deepEqual(read(line), [0, 0, "a", "b,c", false]);
  t.deepEqual(
    read(line, { bare: false }, () => ["a,b"]),
    [0, 0, "a,b", "c", false],
  );
  t.deepEqual(
    read(line, { bare: false }, () => ["+"]),
    [0, 0, "a", "b,c", true],
  );
  t.deepEqual(read(line, { bare: false }, none, true), [0, 0, "a", "b,c", true]);
});

test("what is no message is none", (t) => {
  for (const text of [
    "",
    "+QMTRECV: 0",
    "+QMTRECV: 0,1",
    "+QMTRECV: 6,0,a,b",
    "+QMTRECV: x,0,a,b",
    "+QMTRECV: 0,-1,a,b",
  ])
    t.is(read(text), undefined);
  for (const text of ["+QMTRECV: 0,65536,a,b", '+QMTRECV: 0,0,"a', "+QMTRECV: 0,0,a"]) t.is(read(text), undefined);
});
