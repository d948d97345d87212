// Taking leave of the broker: UNSUBSCRIBE, DISCONNECT, and the connection closed.

import type { Examination } from "../examination.js";
import { ID, RESULT } from "./broker.js";
import { topicOf } from "./messages.js";

export async function goodbye(of: Examination): Promise<boolean> {
  const { line } = of;
  const began = line.now;
  await line.ask(`AT+QMTUNS=${ID},2,"${topicOf(of)}/#"`);
  const done = await line.expect(new RegExp(`^\\+QMTUNS: ?${ID},2,([02])`), RESULT, began);
  of.row("AT+QMTUNS", done ? `result ${done[1]}` : "no result", done?.[1] === "0" ? "ok" : "note");
  const since = line.now;
  const { ok } = await line.ask(`AT+QMTDISC=${ID}`);
  const result = ok ? await line.expect(new RegExp(`^\\+QMTDISC: ?${ID},(-?\\d+)`), 5000, since) : undefined;
  of.row("AT+QMTDISC", result ? `result ${result[1]}` : "no result", result ? "ok" : "note");
  of.differs("AT+QMTDISC", "a result behind OK", result ? "a result behind OK" : "OK alone");
  const closed = line.now;
  await line.ask(`AT+QMTCLOSE=${ID}`);
  const end = await line.expect(new RegExp(`^\\+QMTCLOSE: ?${ID}`), 2000, closed);
  of.row("AT+QMTCLOSE", end ? "a result behind OK" : "OK alone", "ok");
  of.answers.set(13, end ? "behind a DISCONNECT: +QMTCLOSE comes" : "behind a DISCONNECT: OK alone");
  return true;
}
