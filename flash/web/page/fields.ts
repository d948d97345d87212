// The fields of the flashing form: what is filled in from the board, kept over a reload, and marked as wrong. It writes to no
// board.
import type { Choices } from "../../board/config.js";
import { FlashError } from "../../board/errors.js";
import { fromBytes } from "../../board/quote.js";

/** The field of each choice. */
export const FIELDS: Readonly<Record<keyof Choices, string>> = {
  board: "board",
  apn: "apn",
  broker: "broker",
  clientId: "client-id",
  pin: "sim-pin",
  user: "user",
  password: "password",
};

/** They do not survive a reload. */
const SECRET = ["pin", "password"];
const KEPT = "m95-flash";

function input(name: string): HTMLInputElement | HTMLSelectElement | null {
  const id = (FIELDS as Record<string, string | undefined>)[name];
  return id === undefined ? null : (document.getElementById(id) as HTMLInputElement | null);
}

/** What the board has, where the form says nothing. */
export function fillIn(choices: Choices): void {
  for (const [name, value] of Object.entries(choices)) {
    const field = input(name);
    if (field && field.value === "") field.value = value;
  }
}

/** Fields keep what was typed, over a reload of the page. */
export function keepFields(): void {
  const names = Object.keys(FIELDS).filter((name) => !SECRET.includes(name));
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Choices;
    fillIn(Object.fromEntries(Object.entries(kept).filter(([name]) => names.includes(name))));
  } catch {
    // What is there is not ours.
  }
  document.getElementById("form")!.addEventListener("change", () => {
    const values = Object.fromEntries(names.map((name) => [name, input(name)!.value]));
    localStorage.setItem(KEPT, JSON.stringify(values));
  });
}

/** Says beside its field what is wrong with a choice; false: it has no field. */
export function showWrong(name: string, text: string): boolean {
  const field = input(name);
  if (!field) return false;
  const id = `${field.id}-wrong`;
  const line = Object.assign(document.createElement("p"), { id, className: "wrong", textContent: text });
  field.after(line);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", id);
  field.focus();
  return true;
}

export function clearWrong(): void {
  for (const line of document.querySelectorAll(".wrong")) line.remove();
  for (const field of document.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
  }
}

/**
 * Files of PEM, by what is in them: a key, the certificate that comes with one, the CA's.
 * @throws FlashError for what is none, or two of a kind
 */
export async function tlsFiles(list: FileList | null): Promise<{ name: string; data: string }[]> {
  const files = await Promise.all(
    [...(list ?? [])].map(async (file) => ({
      file: file.name,
      data: fromBytes(new Uint8Array(await file.arrayBuffer())).replaceAll("\r\n", "\n"),
    })),
  );
  const hasKey = files.some(({ data }) => data.includes("PRIVATE KEY-----"));
  const taken = new Map<string, string>();
  for (const { file, data } of files) {
    const kind = data.includes("PRIVATE KEY-----")
      ? "key"
      : hasKey && /cert|crt|client|device/i.test(file)
        ? "cert"
        : "ca";
    if (!data.includes("-----BEGIN ") || taken.has(kind))
      throw new FlashError(
        taken.has(kind) ? `${file} is the second file that seems to be the ${kind}` : `${file} is no PEM file`,
        "A CA is needed; for a client certificate give it (with cert, crt, client or device in its name) and its key.",
      );
    taken.set(kind, data);
  }
  return [...taken].map(([kind, data]) => ({ name: `m95-${kind}.pem`, data }));
}
