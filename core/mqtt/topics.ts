// Rules for topic names and topic filters (MQTT 3.1.1, 4.7), and matching one to the other. It knows no modem.
import { wrong } from "../arguments.js";

/**
 * Checks a topic to publish to.
 * @throws M95Error `EPARAM` for an empty topic or one with a wildcard; characters are checked when it is quoted
 */
export function checkTopic(field: string, topic: string): void {
  if (!topic || topic.indexOf("#") >= 0 || topic.indexOf("+") >= 0)
    throw wrong(field, "a topic without the wildcards # and +", topic);
}

/**
 * Checks a topic filter: `+` and `#` stand alone in their level, `#` only in the last one.
 * @throws M95Error `EPARAM`
 */
export function checkFilter(filter: string): void {
  const good = filter
    .split("/")
    .every((level, i, all) =>
      level === "#" ? i === all.length - 1 : level === "+" || level.indexOf("#") + level.indexOf("+") < -1,
    );
  if (!filter || !good) throw wrong("topic", "a topic filter with + and # alone in their levels and # last", filter);
}

/** Whether a topic filter covers a topic. Wildcards in front do not cover topics of the server, `$SYS/…` (4.7.2). */
export function covers(filter: string, topic: string): boolean {
  if (filter === topic) return true;
  if (topic[0] === "$" && filter[0] !== "$") return false;
  const wanted = filter.split("/");
  const levels = topic.split("/");
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === "#") return true;
    if (i >= levels.length || (wanted[i] !== "+" && wanted[i] !== levels[i])) return false;
  }
  return wanted.length === levels.length;
}

/** Whether one of these filters covers a topic. */
export function isCovered(topic: string, filters: string[]): boolean {
  return filters.some((filter) => covers(filter, topic));
}
