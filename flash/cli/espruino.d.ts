// The parts of the `espruino` package that the flasher uses; it has no types of its own. It describes nothing else.

/** A way to reach boards; the package brings several. */
interface EspruinoDevice {
  name: string;
  getPorts(callback: (ports: EspruinoPort[] | undefined, instant: boolean) => void): void;
  open(
    path: string,
    opened: (info: string | undefined) => void,
    received: (data: ArrayBuffer) => void,
    disconnected: () => void,
  ): void;
  write(data: string, written: () => void): void;
  close(): void;
}

interface EspruinoPort {
  path: string;
  description?: string;
  usb?: [number, number];
  unimportant?: boolean;
}

declare module "espruino" {
  export function init(ready: () => void): void;
}

/** The global that `init` makes. */
declare var Espruino: {
  Config: { set(name: string, value: unknown): void };
  Core: {
    Serial: {
      devices: EspruinoDevice[];
      connection: {
        chunkSize: number;
        write(data: string): Promise<void>;
        on(event: "data", listener: (data: string) => void): void;
      };
      getPorts(callback: (ports: EspruinoPort[]) => void): void;
      open(path: string, opened: (info: string | undefined) => void, disconnected: () => void): void;
      close(): void;
    };
  };
};
