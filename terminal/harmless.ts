// Text from outside as a terminal may have it: nothing in it moves the cursor, colours, or turns the writing round. It prints
// nothing itself, and knows no colours.

const names: Record<number, string> = { 9: "<TAB>", 10: "<LF>", 13: "<CR>", 26: "<Ctrl+Z>", 27: "<ESC>", 127: "<DEL>" };

/** Control characters of both sets, line and paragraph separators, invisible ones, and those that change the direction. */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Longest text that is shown whole, when nobody says otherwise. */
const LIMIT = 2000;

function spelled(char: string): string {
  const code = char.codePointAt(0)!;
  return names[code] ?? `<${code.toString(16).toUpperCase().padStart(2, "0")}>`;
}

/** A text, whatever it is, in one line: what a terminal would obey is spelled out, as `<ESC>` or `<9B>`. */
export function harmless(text: unknown, limit = LIMIT): string {
  const all = typeof text === "string" ? text : (JSON.stringify(text) ?? "undefined");
  const shown = all.slice(0, limit).replace(HARMFUL, spelled);
  return all.length > limit ? `${shown}…` : shown;
}

/** Bytes, a character each: all but printable ASCII is spelled out. */
export function visible(bytes: string): string {
  return bytes.replace(/[^\x20-\x7e]/g, spelled);
}

/** JSON that is as harmless, and still says the same. */
export function harmlessJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(HARMFUL, (char) =>
    char === "\n"
      ? char
      : [...Array(char.length).keys()].map((i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, "0")}`).join(""),
  );
}
