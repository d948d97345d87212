// What a program does whose reader goes away, as in `| head`: it ends without a stack trace. It writes nothing.

/** Ends the program with exit code 1 when nobody reads its output any more. */
export function endWithReader(): void {
  process.stdout.on("error", () => process.exit(1));
}
