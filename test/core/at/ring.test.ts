// The receive ring: what goes in comes out as one line, within the limit. What a line is, the framer's tests say.
import { ReceiveRing } from "../../../core/at/ring.js";
import test from "../../support/harness.js";

test("pieces come out as the line that the last one finishes", (t) => {
  const ring = new ReceiveRing(100);
  t.true(ring.keep("+CS"));
  t.true(ring.keep("Q: 2"));
  t.is(ring.size, 7);
  t.is(ring.take("0,0\r"), "+CSQ: 20,0\r");
  t.is(ring.size, 0);
  t.is(ring.take("OK\r"), "OK\r", "and nothing of it is left");
});

test("an empty ring and empty pieces do no harm", (t) => {
  const ring = new ReceiveRing(4);
  t.is(ring.take(""), "");
  t.true(ring.keep(""));
  t.is(ring.take("AT"), "AT");
  t.is(ring.take(""), "");
});

test("a line of any number of pieces is whole", (t) => {
  for (const count of [31, 32, 33, 64, 65, 1000]) {
    const ring = new ReceiveRing(1000);
    let text = "";
    for (let i = 0; i < count; i++) {
      const piece = String.fromCharCode(33 + (i % 90));
      text += piece;
      t.true(ring.keep(piece));
    }
    t.is(ring.size, count);
    t.is(ring.take("."), `${text}.`);
  }
});

test("limit: as many bytes as it has are kept, the next piece is refused and changes nothing", (t) => {
  const ring = new ReceiveRing(5);
  t.true(ring.keep("12345"));
  t.false(ring.keep("6"));
  t.is(ring.size, 5);
  t.is(ring.take(""), "12345");
  t.false(ring.keep("123456"), "also as the first one");
  t.is(ring.take(""), "");
});
