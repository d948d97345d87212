// The causes of AT+CEER in words, as the M95's manual has them. It asks for none.

const first: Record<string, string> = {
  2050: "the network does not know the IMSI: the SIM is not active",
  2051: "illegal mobile station",
  2053: "the network does not accept the IMEI",
  2055: "GPRS is not allowed for this SIM",
  2059: "this network is not allowed",
  2060: "this area is not allowed",
  2061: "roaming is not allowed here",
  2062: "no GPRS in this network",
  2063: "no suitable cell here",
  2070: "congestion",
  2162: "random access failed",
  2166: "authentication failed",
  2563: "no SIM",
  2566: "the PIN is blocked",
  3080: "barred by the operator",
  3098: "no resources",
  3099: "unknown APN",
  3101: "wrong user or password of the APN",
  3102: "rejected by the gateway",
  3105: "data is not subscribed",
  3108: "ended normally",
  3110: "network failure",
};
const second: Record<string, string> = {
  112: "forbidden network",
  114: "no coverage",
  115: "no GPRS",
  119: "no SIM",
};
const third: Record<string, string> = { 1: "LCP failed", 2: "authentication failed", 3: "IPCP failed" };

/** `+CEER: 1,3099` in words; whatever else it is, as it is. */
export function causeText(line: string): string {
  const text = line.replace(/^\+CEER: ?/, "");
  const match = /^(\d+), ?(\d+)$/.exec(text);
  const words = match && [first, second, third][Number(match[1]) - 1]?.[match[2]!];
  return words ? `${words} (${text})` : text;
}
