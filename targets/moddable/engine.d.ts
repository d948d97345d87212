// The part of the Moddable SDK that this target uses. Types only.

declare module "timer" {
  const Timer: {
    set(callback: () => void, ms: number): unknown;
    clear(timer: unknown): void;
  };
  export default Timer;
}

declare module "time" {
  const Time: { readonly ticks: number };
  export default Time;
}

/** Writes to the debugger's console; nothing in a release build. */
declare function trace(...values: unknown[]): void;

interface ArrayBufferConstructor {
  /** The text as UTF-8. */
  fromString(text: string): ArrayBuffer;
}

interface StringConstructor {
  /** Text from UTF-8; throws when it is none. */
  fromArrayBuffer(buffer: ArrayBuffer): string;
}
