// The one kind of error that flashing ends with: what went wrong, and what to do about it. It finds no faults itself.

/** An error for the person at the keyboard. */
export class FlashError extends Error {
  /**
   * @param message - what went wrong
   * @param advice - what to do about it, as full sentences
   * @param field - the name of the choice that it is about, if it is about one
   */
  constructor(
    message: string,
    readonly advice: string,
    readonly field?: string,
  ) {
    super(message);
    this.name = "FlashError";
  }
}
