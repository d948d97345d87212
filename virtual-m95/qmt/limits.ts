// The numbers of the MQTT application note that more than one command uses. No behaviour.

export const limits = {
  tcpconnectID: { min: 0, max: 5 },
  host: 100,
  port: { min: 1, max: 65_535 },
  msgID: { min: 1, max: 65_535 },
  qos: { min: 0, max: 2 },
  payload: 1548,
  inFlightWindow: 5,
  /** Largest SUBSCRIBE or UNSUBSCRIBE, bytes; the note names error 8508 but no size: one TCP segment. */
  packet: 1460,
  /** SUBSCRIBE and UNSUBSCRIBE packets waiting for their acknowledgement; beyond: error 8509. */
  subscriptionsInFlight: 5,
} as const;
