// Another MQTT client at the same broker, independent of the driver and of the virtual M95. MQTT 3.1.1 over plain TCP; it
// acknowledges what it gets and never reconnects.
import { once } from "node:events";
import net from "node:net";
import { generate, type Packet, parser, type QoS } from "mqtt-packet";

/** A message the peer received. */
export interface PeerMessage {
  topic: string;
  payload: Buffer;
  qos: QoS;
  retain: boolean;
}

export interface Peer {
  readonly received: PeerMessage[];
  subscribe(filter: string, qos?: QoS): Promise<void>;
  /** Resolves when the broker has taken it over. */
  publish(topic: string, payload: string | Buffer, options?: { qos?: QoS; retain?: boolean }): Promise<void>;
  end(): void;
}

let count = 0;

/** Connects; `login` for a broker that asks who one is. */
export async function connectPeer(port: number, login: { username?: string; password?: string } = {}): Promise<Peer> {
  const socket = net.connect(port, "127.0.0.1");
  const input = parser();
  const received: PeerMessage[] = [];
  const answers = new Map<string, (packet: Packet) => void>();
  let lastId = 0;
  const send = (packet: Packet): void => void socket.write(generate(packet));
  const answer = (cmd: Packet["cmd"], messageId = 0): Promise<Packet> =>
    new Promise((resolve) => answers.set(`${cmd} ${messageId}`, resolve));

  input.on("packet", (packet) => {
    const messageId = packet.messageId ?? 0;
    if (packet.cmd === "publish") {
      const payload = Buffer.from(packet.payload as Buffer);
      received.push({ topic: packet.topic, payload, qos: packet.qos, retain: packet.retain });
      if (packet.qos === 1) send({ cmd: "puback", messageId });
      if (packet.qos === 2) send({ cmd: "pubrec", messageId });
    } else if (packet.cmd === "pubrel") send({ cmd: "pubcomp", messageId });
    else if (packet.cmd === "pubrec") send({ cmd: "pubrel", messageId });
    else answers.get(`${packet.cmd} ${messageId}`)?.(packet);
  });
  socket.on("data", (bytes) => input.parse(bytes));
  // A broker that goes away is what some tests are about.
  socket.on("error", () => socket.destroy());
  await once(socket, "connect");
  const connected = answer("connack");
  const { username, password } = login;
  send({
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: 4,
    clientId: `peer-${process.pid}-${++count}`,
    clean: true,
    keepalive: 0,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password: Buffer.from(password) }),
  });
  const connack = await connected;
  if (connack.cmd === "connack" && connack.returnCode !== 0) throw new Error(`peer refused: ${connack.returnCode}`);

  return {
    received,
    async subscribe(filter, qos = 2) {
      const messageId = ++lastId;
      const done = answer("suback", messageId);
      send({ cmd: "subscribe", messageId, subscriptions: [{ topic: filter, qos }] });
      await done;
    },
    async publish(topic, payload, { qos = 0, retain = false } = {}) {
      const messageId = ++lastId;
      const done = qos === 0 ? undefined : answer(qos === 1 ? "puback" : "pubcomp", messageId);
      send({ cmd: "publish", topic, payload, qos, retain, dup: false, ...(qos > 0 && { messageId }) });
      await done;
    },
    end() {
      socket.destroy();
    },
  };
}
