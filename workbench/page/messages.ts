// The view Messages: a client with every option that has a row in the driver's table, subscriptions, publishes, messages.
import { CLIENT_OPTIONS } from "../../core/mqtt/options.js";
import type { ConnectOptions } from "../../targets/web/index.js";
import type { Bench } from "./bench.js";
import { append, element, field, make, messageOf, shown, tell } from "./dom.js";

const KEPT = 500;

/** Rows of the driver's own table become fields, with its limits. */
function optionFields(): void {
  for (const row of CLIENT_OPTIONS.split("\n").slice(1)) {
    const [name, range, fallback] = row.split("|") as [string, string, string?];
    const id = `option-${name}`;
    const label = make("label", name, { htmlFor: id });
    let input: HTMLInputElement | HTMLSelectElement;
    if (range === "?" || range.includes("/")) {
      const words = range === "?" ? ["true", "false"] : range.split("/");
      input = make("select", "", { id });
      input.append(
        make("option", fallback === undefined ? "as usual" : `${JSON.parse(fallback)} (as usual)`, { value: "" }),
      );
      input.append(...words.map((word) => make("option", word, { value: word })));
    } else {
      const [min, max] = range.split("-");
      input = make("input", "", { id, type: "number", min: min!, max: max!, placeholder: fallback ?? "" });
      label.append(make("span", ` ${min}–${max}`, { className: "hint" }));
    }
    const box = make("div", "", { className: "field" });
    box.append(label, input);
    element("options").append(box);
  }
}

/** What the fields say; those left empty are left out. */
function given(): ConnectOptions {
  const options: Record<string, unknown> = { host: field("host") };
  for (const [id, name] of [
    ["mqtt-client-id", "clientId"],
    ["mqtt-user", "username"],
    ["mqtt-password", "password"],
  ] as const)
    if (field(id) !== "") options[name] = field(id);
  for (const row of CLIENT_OPTIONS.split("\n").slice(1)) {
    const [name, range] = row.split("|") as [string, string];
    const value = field(`option-${name}`);
    if (value === "") continue;
    options[name] = range === "?" ? value === "true" : range.includes("/") ? value : Number(value);
  }
  if (field("will-topic") !== "") options.will = { topic: field("will-topic"), payload: field("will-payload") };
  return options as unknown as ConnectOptions;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** Bytes of the payload field: text, or pairs of hexadecimal digits. */
function payload(): string | Uint8Array {
  const text = element<HTMLTextAreaElement>("payload").value;
  if (!element<HTMLInputElement>("payload-hex").checked) return text;
  const digits = text.replace(/\s/g, "");
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Error("Payload: pairs of hexadecimal digits, as 01 a0 ff.");
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function messagesView(bench: Bench): void {
  optionFields();
  const list = element("message-list");
  const qos = (id: string): 0 | 1 | 2 => Number(field(id)) as 0 | 1 | 2;

  const refresh = (): void => {
    const { client } = bench;
    const there = client !== undefined && client.state !== "closed";
    element<HTMLButtonElement>("mqtt-connect").disabled = there;
    element<HTMLButtonElement>("mqtt-end").disabled = !there;
    for (const id of ["subscribe", "publish"]) element<HTMLButtonElement>(id).disabled = !there;
    tell("mqtt-state", `Client: ${client ? client.state : "none"}`);
  };

  const received = (
    topic: string,
    bytes: Uint8Array,
    packet: { qos?: number; msgid?: number; ambiguous?: boolean },
  ): void => {
    const item = make("li");
    const marks = [
      packet.qos === undefined ? "QoS 1 or 2" : `QoS ${packet.qos}`,
      packet.ambiguous && "ambiguous",
      `${bytes.length} bytes`,
    ].filter(Boolean);
    const body = make("code", shown(new TextDecoder().decode(bytes)), { className: "text" });
    item.append(make("strong", shown(topic)), make("span", ` ${marks.join(", ")} `, { className: "hint" }), body);
    item.append(make("code", hex(bytes), { className: "hex" }));
    append(list, item, KEPT);
  };

  element("connect-form").addEventListener("submit", (event) => {
    event.preventDefault();
    tell("mqtt-result", "");
    try {
      const client = bench.connect(given());
      for (const name of ["connect", "reconnect", "close", "offline", "end"] as const)
        client.on(name, (reason?: Error) => {
          tell("mqtt-result", reason ? `${name}: ${messageOf(reason)}` : name, name === "connect" ? "good" : "");
          if (name === "end") bench.client = undefined;
          refresh();
        });
      client.on("error", (error) => tell("mqtt-result", messageOf(error), "bad"));
      client.on("message", received);
    } catch (error) {
      tell("mqtt-result", messageOf(error), "bad");
    }
    refresh();
  });
  element("mqtt-end").addEventListener("click", () => bench.client?.end(false, refresh));
  element("subscribe-form").addEventListener("submit", (event) => {
    event.preventDefault();
    bench.client?.subscribe(field("filter"), { qos: qos("filter-qos") }, (error, granted) => {
      const text = (granted ?? []).map((one) => `${one.topic}: QoS ${one.qos}`).join(", ");
      tell("subscribe-result", error ? messageOf(error) : `Granted: ${text}`, error ? "bad" : "good");
    });
  });
  element("publish-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const began = performance.now();
    try {
      const options = { qos: qos("publish-qos"), retain: element<HTMLInputElement>("retain").checked };
      bench.client?.publish(field("topic"), payload(), options, (error) => {
        const ms = Math.round(performance.now() - began);
        tell("publish-result", error ? messageOf(error) : `Done in ${ms} ms.`, error ? "bad" : "good");
      });
    } catch (error) {
      tell("publish-result", messageOf(error), "bad");
    }
  });
  element("clear-messages").addEventListener("click", () => list.replaceChildren());
  element<HTMLInputElement>("messages-hex").addEventListener("change", (event) => {
    list.classList.toggle("as-hex", (event.target as HTMLInputElement).checked);
  });
  bench.addEventListener("changed", refresh);
  bench.addEventListener("entry", refresh);
  refresh();
}
