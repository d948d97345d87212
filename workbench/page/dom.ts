// Small hands for the page: elements by id, rows, text. Whatever comes from a modem or a board is text, never markup.

export function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`there is no #${id} on the page`);
  return found as T;
}

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  text = "",
  properties: Partial<HTMLElementTagNameMap[K]> = {},
): HTMLElementTagNameMap[K] {
  return Object.assign(document.createElement(tag), { textContent: text }, properties);
}

export function field(id: string): string {
  return element<HTMLInputElement>(id).value.trim();
}

/** Text as it may stand on a page: control characters spelled out, nothing that turns the writing round. */
export function shown(text: string): string {
  return text.replace(
    /[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (char) => `<${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}>`,
  );
}

/** Adds a child and drops the oldest beyond `limit`; follows the end unless the user has scrolled away. */
export function append(list: HTMLElement, child: HTMLElement, limit: number): void {
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 8;
  list.append(child);
  while (list.childElementCount > limit) list.firstElementChild!.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

/** Says something in a status line, with its kind. */
export function tell(id: string, text: string, kind: "" | "good" | "bad" = ""): void {
  const line = element(id);
  line.className = kind;
  line.textContent = shown(text);
}

/** Hands a file to the user. */
export function save(name: string, text: string, type: string): void {
  const link = make("a", "", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export function messageOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === "string" ? `${code}: ${message}` : String(message ?? error);
}
