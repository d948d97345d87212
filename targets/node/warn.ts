// Warnings to the console of the process, each kind once: what nobody hears, what has no effect. It judges nothing.

/** Kinds that were told. Of more than so many the first one is forgotten: better told twice than not at all. */
const told = new Set<string>();
const LIMIT = 100;

/**
 * Tells `text` by `process.emitWarning`, unless one of this kind was told already.
 * @param kind - one of few: a code or a name, not a text that is another one each time
 * @param among - those that were told, if not all of the process
 */
export function warnOnce(kind: string, text: string, among = told): void {
  if (among.has(kind)) return;
  if (among.size >= LIMIT) among.delete([...among][0]!);
  among.add(kind);
  process.emitWarning(text, "M95Warning");
}

/** What was thrown or emitted, in words, with its code if it has one. */
export function inWords(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const text = typeof message === "string" ? message : String(error);
  return typeof code === "string" ? `${code}: ${text}` : text;
}
