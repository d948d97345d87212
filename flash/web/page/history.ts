// What was sent to the board's console, to be sent again with the arrow keys; and what it prints, as text. No board here.

const KEPT = 100;
const sent: string[] = [];
/** Where in `sent` the field is; its length: at what is being typed. */
let at = 0;
let typed = "";

/** Keeps a command; the same twice in a row once. */
export function remember(command: string): void {
  if (command !== "" && sent.at(-1) !== command) sent.push(command);
  if (sent.length > KEPT) sent.shift();
  at = sent.length;
}

document.getElementById("command")!.addEventListener("keydown", (event) => {
  const { key } = event as KeyboardEvent;
  const step = key === "ArrowUp" ? -1 : key === "ArrowDown" ? 1 : 0;
  if (step === 0 || at + step < 0 || at + step > sent.length) return;
  event.preventDefault();
  const field = event.target as HTMLInputElement;
  if (at === sent.length) typed = field.value;
  at += step;
  field.value = sent[at] ?? typed;
});

const decoder = new TextDecoder("utf-8", { fatal: true });

/** A line of the board, which prints bytes: UTF-8 where it is some. */
export function readable(bytes: string): string {
  try {
    return decoder.decode(Uint8Array.from(bytes, (char) => char.charCodeAt(0)));
  } catch {
    return bytes;
  }
}
