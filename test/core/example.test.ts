// Shows that one file of tests runs under AVA and in XS. It tests no part of the driver.

import test from "../support/harness.js";

class CodedError extends Error {
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

test("assertions agree on both engines", (t) => {
  t.is("AT\r\n".indexOf("\n"), 3);
  t.deepEqual({ line: "OK", at: [0, 1] }, { at: [0, 1], line: "OK" });
  t.like({ qos: 1, topic: "a", packet: { msgid: 1 } }, { packet: { msgid: 1 } });
  const error = t.throws(
    () => {
      throw new CodedError("too long", "ETOOBIG");
    },
    { code: "ETOOBIG", instanceOf: CodedError, message: /long/ },
  );
  t.true(error instanceof CodedError);
});
