// The forms of +QMTRECV (note 4.1.2 and facts sheet 7). Payload bytes are copied as they are: that is what modems do.

export interface Received {
  tcpconnectID: number;
  /** 0 with QoS 0. */
  msgID: number;
  /** Both as binary strings. */
  topic: string;
  payload: string;
}

/** Text of the URC without its framing; `withLength` is later firmware's SHOWRECVLEN. */
export function recvText(shape: 1 | 2 | 3 | 4, message: Received, withLength: boolean): string {
  const { tcpconnectID, msgID, topic, payload } = message;
  const length = withLength ? `${payload.length},` : "";
  const head = `+QMTRECV: ${tcpconnectID},${msgID},`;
  if (shape === 1) return `${head} "${topic}", ${length}"${payload}"`;
  if (shape === 2) return `${head}"${topic}",${length}${payload}`;
  if (shape === 3) return `${head}${topic},${length}${payload}`;
  return `${head}"${topic}",${length}"${payload}"`;
}
