// A host by hand for the virtual modem in real time: types bytes, waits for texts. It knows no broker.

import { once } from "node:events";
import type net from "node:net";
import { VirtualM95, type VirtualM95Options } from "../../virtual-m95/index.js";
import { ScaledClock } from "../../virtual-m95/time/scaled-clock.js";

/** Writes and resolves with everything heard once `until` is in it. */
export type Say = (text: string, until: string) => Promise<string>;

/** Real ms in which anything has to happen. */
const limit = 20_000;

/** A running modem at ten times real time. */
export function modemOn(options: Partial<VirtualM95Options> & Pick<VirtualM95Options, "network">): {
  modem: VirtualM95;
  say: Say;
} {
  const modem = new VirtualM95({ clock: new ScaledClock(10), poweredOn: true, ...options });
  let heard = "";
  let wake = (): void => {};
  modem.uart.onReceive = (chunk) => {
    heard += chunk;
    wake();
  };
  const say: Say = async (text, until) => {
    const deadline = Date.now() + limit;
    heard = "";
    modem.uart.write(text);
    while (!heard.includes(until)) {
      if (Date.now() > deadline) throw new Error(`no ${JSON.stringify(until)} in ${JSON.stringify(heard)}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, 100);
      });
    }
    return heard;
  };
  return { modem, say };
}

/** Echo off, numeric errors, PDP context active. */
export async function online(say: Say): Promise<void> {
  await say("ATE0\r", "OK\r\n");
  await say('AT+CMEE=1;+QICSGP=1,"internet"\r', "OK\r\n");
  await say("AT+QIREGAPP\r", "OK\r\n");
  await say("AT+QIACT\r", "OK\r\n");
}

/** The port, once the server listens on a free one of this machine. */
export async function listen(server: net.Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as net.AddressInfo).port;
}
