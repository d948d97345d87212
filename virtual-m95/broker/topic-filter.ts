// MQTT topic filters with + and # (MQTT 3.1.1, 4.7). It validates nothing.

/** Whether a topic name falls under a filter; topics beginning with $ only under filters that say so. */
export function matches(filter: string, topic: string): boolean {
  const filters = filter.split("/");
  const levels = topic.split("/");
  if (topic.startsWith("$") && filters[0] !== levels[0]) return false;
  for (let i = 0; i < filters.length; i++) {
    if (filters[i] === "#") return true;
    if (i >= levels.length || (filters[i] !== "+" && filters[i] !== levels[i])) return false;
  }
  return filters.length === levels.length;
}
