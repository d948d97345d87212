// What the brokers hold: who is connected with which will, who is subscribed to what, and what was published. The name of a
// filter says how the broker takes it.

export interface Published {
  client: number;
  topic: string;
  payload: string;
  qos: number;
  retain: number;
  at: number;
}

export interface Session {
  connected: boolean;
  /** Will as handed over with CONNECT: "" or its parameters. */
  will: string;
  filters: Map<string, number>;
}

/** What the broker grants. A filter with `refuse` in it is refused, one with `low` gets QoS 0. */
export function grantOf(filter: string, qos: number): number {
  if (filter.includes("refuse")) return 128;
  return filter.includes("low") ? 0 : qos;
}

/** Whether a topic filter matches a topic (MQTT 3.1.1, 4.7). */
export function matches(filter: string, topic: string): boolean {
  const wanted = filter.split("/");
  const given = topic.split("/");
  for (const [i, level] of wanted.entries()) {
    if (level === "#") return true;
    if (i >= given.length || (level !== "+" && level !== given[i])) return false;
  }
  return wanted.length === given.length;
}

export class Broker {
  /** By tcpconnectID: each client has a broker of its own. */
  readonly sessions: Session[] = Array.from({ length: 6 }, () => ({
    connected: false,
    will: "",
    filters: new Map<string, number>(),
  }));
  readonly published: Published[] = [];
  /** Called with each publish that gets here. */
  onPublish: (one: Published) => void = () => {};

  connect(client: number, will: string, clean: boolean): void {
    const session = this.sessions[client]!;
    session.connected = true;
    session.will = will;
    if (clean) session.filters.clear();
  }

  disconnect(client: number): void {
    this.sessions[client]!.connected = false;
  }

  publish(one: Published): void {
    this.published.push(one);
    this.onPublish(one);
  }

  /** Returns what is granted. */
  subscribe(client: number, filters: [filter: string, qos: number][]): number[] {
    return filters.map(([filter, qos]) => {
      const granted = grantOf(filter, qos);
      if (granted === 128) this.sessions[client]!.filters.delete(filter);
      else this.sessions[client]!.filters.set(filter, granted);
      return granted;
    });
  }

  unsubscribe(client: number, filters: string[]): void {
    for (const filter of filters) this.sessions[client]!.filters.delete(filter);
  }
}
