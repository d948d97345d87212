// AT+QMTCFG (note 3.2.1): settings per tcpconnectID, their defaults, ranges and query forms. They act in the client.

import type { Params } from "../at/at-parser.js";
import type { CommandRow } from "../at/interpreter.js";
import { limits } from "./limits.js";
import { utf8 } from "./text.js";

export interface Will {
  qos: 0 | 1 | 2;
  retain: boolean;
  topic: string;
  message: string;
}

export class QmtConfig {
  will: Will | undefined;
  /** pkt_timeout in s, retry_times, timeout_notice. */
  timeout: { packet: number; retries: number; notice: boolean } = { packet: 5, retries: 3, notice: false };
  cleanSession = true;
  /** Seconds, 0 = never. */
  keepalive = 120;
  ssl: { enabled: boolean; context: number | undefined } = { enabled: false, context: undefined };
  showRecvLen = false;
}

interface Setting {
  test: string;
  /** Most parameters behind the tcpconnectID. */
  values: number;
  query(config: QmtConfig): string;
  set(config: QmtConfig, params: Params): void;
}

/** Parameter 0 is the type, 1 the tcpconnectID: values begin at 2. */
const settings: Record<string, Setting> = {
  WILL: {
    test: '(0-5),(0,1),(0-2),(0,1),"<will_topic>","<will_msg>"',
    values: 5,
    query: ({ will }) => (will ? `1,${will.qos},${will.retain ? 1 : 0},"${will.topic}","${will.message}"` : "0"),
    set: (config, params) => {
      if (params.int(2, 0, 1, "<will_fg>") === 0) {
        config.will = undefined;
        return;
      }
      // With will_fg 1 the other four must be present (3.2.1, note 1).
      params.expect(7, 7);
      const qos = params.int(3, limits.qos.min, limits.qos.max, "<will_qos>") as 0 | 1 | 2;
      const retain = params.int(4, 0, 1, "<will_retain>") === 1;
      const topic = params.string(5, "<will_topic>");
      if (topic === "") params.fail("<will_topic> is empty");
      utf8(topic, "<will_topic>");
      config.will = { qos, retain, topic, message: params.string(6, "<will_msg>") };
    },
  },
  TIMEOUT: {
    test: "(0-5),(1-60),(0-10),(0,1)",
    values: 3,
    query: ({ timeout }) => `${timeout.packet},${timeout.retries},${timeout.notice ? 1 : 0}`,
    set: (config, params) => {
      const { timeout } = config;
      config.timeout = {
        packet: params.int(2, 1, 60, "<pkt_timeout>"),
        retries: params.has(3) ? params.int(3, 0, 10, "<retry_times>") : timeout.retries,
        notice: params.has(4) ? params.int(4, 0, 1, "<timeout_notice>") === 1 : timeout.notice,
      };
    },
  },
  SESSION: {
    test: "(0-5),(0,1)",
    values: 1,
    query: (config) => (config.cleanSession ? "1" : "0"),
    set: (config, params) => {
      config.cleanSession = params.int(2, 0, 1, "<clean_session>") === 1;
    },
  },
  KEEPALIVE: {
    test: "(0-5),(0-3600)",
    values: 1,
    query: (config) => String(config.keepalive),
    set: (config, params) => {
      config.keepalive = params.int(2, 0, 3600, "<keep-alive time>");
    },
  },
  SSL: {
    test: "(0-5),(0,1),(0-5)",
    values: 2,
    query: ({ ssl }) =>
      ssl.context === undefined ? (ssl.enabled ? "1" : "0") : `${ssl.enabled ? 1 : 0},${ssl.context}`,
    set: (config, params) => {
      const enabled = params.int(2, 0, 1, "<sslenable>") === 1;
      if (enabled && !params.has(3)) params.fail("<ctxindex> must be present in SSL mode");
      config.ssl = { enabled, context: params.has(3) ? params.int(3, 0, 5, "<ctxindex>") : undefined };
    },
  },
};

/** Later firmware only (quirk `showRecvLen`). */
const showRecvLen: Setting = {
  test: "(0-5),(0,1)",
  values: 1,
  query: (config) => (config.showRecvLen ? "1" : "0"),
  set: (config, params) => {
    config.showRecvLen = params.int(2, 0, 1, "<show_recv_len>") === 1;
  },
};

export function configRow(config: (tcpconnectID: number) => QmtConfig, laterFirmware: boolean): CommandRow {
  const all: Record<string, Setting> = laterFirmware ? { ...settings, SHOWRECVLEN: showRecvLen } : settings;
  return {
    test: (call) => call.info(...Object.entries(all).map(([type, { test }]) => `+QMTCFG: "${type}",${test}`)),
    write: (call, params) => {
      const type = params.string(0, "<config_type>");
      const setting = Object.hasOwn(all, type) ? all[type] : undefined;
      if (!setting) return params.fail(`no config_type ${type}`);
      params.expect(2, 2 + setting.values);
      const target = config(params.int(1, limits.tcpconnectID.min, limits.tcpconnectID.max, "<tcpconnectID>"));
      if (params.count === 2) call.info(`+QMTCFG: ${setting.query(target)}`);
      else setting.set(target, params);
    },
  };
}
