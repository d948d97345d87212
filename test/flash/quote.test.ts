// Quoting, cutting and checksums, as properties: whatever the bytes, the board gets the same ones.
import test from "ava";
import fc from "fast-check";
import { chunks, crc32, fromBytes, quote, utf8 } from "../../flash/board/quote.js";

const bytes = fc.uint8Array({ maxLength: 700 }).map(fromBytes);
/** What source code looks like: the common case, with what could go wrong mixed in. */
const source = fc
  .array(fc.oneof(fc.constantFrom("\n", '"', "\\", "'", "`", "${", "\x03", "\x10", "\xff", "</script>"), fc.string()))
  .map((parts) => utf8(parts.join("")));

/** Evaluates source text as the board would. */
function evaluate(text: string): unknown {
  return new Function(`return ${text}`)();
}

test("a quoted string evaluates to the same bytes and is printable ASCII", (t) => {
  fc.assert(
    fc.property(fc.oneof(bytes, source), (data) => {
      const text = quote(data);
      return evaluate(text) === data && /^[ -~]*$/.test(text);
    }),
  );
  t.pass();
});

test("a quoted string is never much longer than base64, and source code grows little", (t) => {
  fc.assert(fc.property(bytes, (data) => quote(data).length <= Math.ceil(data.length / 3) * 4 + 8));
  const code = 'var a="b";\nfunction c(d){return d+"\\n"}\n'.repeat(20);
  t.true(quote(code).length < code.length * 1.2);
});

test("a character that is no byte is refused", (t) => {
  t.throws(() => quote("\u0100"), { instanceOf: RangeError });
});

test("pieces make up the whole again, none is too long, and no bytes make no piece", (t) => {
  fc.assert(
    fc.property(bytes, fc.integer({ min: 1, max: 300 }), (data, size) => {
      const pieces = chunks(data, size);
      return (
        pieces.map((piece) => piece.data).join("") === data &&
        pieces.every((piece, i) => piece.offset === i * size && piece.data.length > 0 && piece.data.length <= size)
      );
    }),
  );
  t.deepEqual(chunks(""), []);
});

test("the checksum is the usual CRC-32", (t) => {
  t.is(crc32("123456789"), 0xcbf43926);
  t.is(crc32(""), 0);
});

test("a changed byte changes the checksum", (t) => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 300 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (a, at, x) => {
        const b = a.slice();
        b[at % b.length]! ^= x;
        return crc32(fromBytes(a)) !== crc32(fromBytes(b));
      },
    ),
  );
  t.pass();
});
