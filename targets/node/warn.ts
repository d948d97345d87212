// Warnings to the console of the process, each kind once: what nobody hears, what has no effect. It judges nothing.

/** Kinds that were told; more than so many are not told any more. */
const told = new Set<string>();
const LIMIT = 100;

/** Tells `text` by `process.emitWarning`, unless one of this kind was told already. */
export function warnOnce(kind: string, text: string): void {
  if (told.has(kind) || told.size >= LIMIT) return;
  told.add(kind);
  process.emitWarning(text, "M95Warning");
}

/** What was thrown or emitted, in words, with its code if it has one. */
export function inWords(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const text = typeof message === "string" ? message : String(error);
  return typeof code === "string" ? `${code}: ${text}` : text;
}
