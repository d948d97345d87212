// The serial adapter and the conversions of the Moddable target on Node, at their limits. What they do on XS is tested in XS.

import test from "ava";
import { codec, fromBuffer, toBuffer } from "../../targets/moddable/codec.js";
import { QUEUE_LIMIT, type Serial, SerialUart } from "../../targets/moddable/uart.js";
import { SimClock } from "../../virtual-m95/index.js";

ArrayBuffer.fromString = (text) => new TextEncoder().encode(text).buffer as ArrayBuffer;
String.fromArrayBuffer = (buffer) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(buffer);

interface Callbacks {
  baud: number;
  onReadable(count: number): void;
  onWritable(count: number): void;
  onError(): void;
}

/** A port whose callbacks the test calls. */
class Port implements Serial {
  static all: Port[] = [];
  readonly options: Callbacks;
  written: number[] = [];
  failing = false;
  closed = 0;

  constructor(options: Callbacks) {
    if (options.baud === 1) throw new Error("invalid baud");
    this.options = options;
    Port.all.push(this);
  }
  read(): ArrayBuffer | undefined {
    return undefined;
  }
  write(data: ArrayBuffer): void {
    if (this.failing) throw new Error("output full");
    this.written.push(...new Uint8Array(data));
  }
  close(): void {
    this.closed++;
  }
}

function open() {
  const clock = new SimClock();
  const uart = new SerialUart({ io: Port }, clock);
  const errors: string[] = [];
  uart.onError = (error) => errors.push((error as { code?: string }).code ?? (error as Error).message);
  return { clock, uart, errors, port: Port.all.at(-1)! };
}

test.serial("waiting bytes have a limit; beyond it a write is dropped as a whole and told", (t) => {
  const { uart, errors, port } = open();
  uart.write("a".repeat(QUEUE_LIMIT - 1));
  uart.write("bb");
  t.deepEqual(errors, ["EQUEUE"]);
  uart.write("c");
  t.deepEqual(errors, ["EQUEUE"]);
  t.is(port.written.length, 0);
  while (port.written.length < QUEUE_LIMIT) port.options.onWritable(100);
  t.is(Buffer.from(port.written).toString(), `${"a".repeat(QUEUE_LIMIT - 1)}c`);
});

test.serial("a refused write is tried again with less, until the port takes it", (t) => {
  const { clock, uart, port } = open();
  port.failing = true;
  port.options.onWritable(128);
  uart.write("AT\r");
  clock.advance(1000);
  t.deepEqual(port.written, []);
  port.failing = false;
  clock.advance(1000);
  // The port said nothing of room, so it is asked with as little as it refused last.
  t.deepEqual(port.written, [65]);
  port.options.onWritable(128);
  t.is(Buffer.from(port.written).toString(), "AT\r");
});

test.serial("a port that cannot be opened at the new rate ends the line", (t) => {
  const { clock, uart, errors, port } = open();
  let closed = 0;
  uart.onClose = () => closed++;
  uart.setBaud(1);
  uart.write("waits");
  clock.advance(1);
  t.is(port.closed, 1);
  t.deepEqual(errors, ["invalid baud"]);
  t.is(closed, 1);
  uart.write("never");
  clock.advance(1000);
  t.deepEqual(port.written, []);
});

test.serial("closed before the port is open again, it stays closed", (t) => {
  const { clock, uart, port } = open();
  const before = Port.all.length;
  uart.setBaud(9600);
  uart.close();
  clock.advance(1000);
  t.is(Port.all.length, before);
  t.is(port.closed, 1);
});

test.serial("what onReceive or onClose throw stays inside", (t) => {
  const { uart, errors, port } = open();
  port.read = () => {
    port.read = () => undefined;
    return toBuffer("x");
  };
  uart.onReceive = () => {
    throw new Error("receive");
  };
  uart.onClose = () => {
    throw new Error("close");
  };
  port.options.onReadable(1);
  port.options.onError();
  t.deepEqual(errors, ["receive", "close"]);
});

test("bytes and binary strings: every byte, every length around the pieces", (t) => {
  for (const length of [0, 1, 15, 16, 17, 255, 256, 1548]) {
    const text = Array.from({ length }, (_, i) => String.fromCharCode((i * 7) & 255)).join("");
    t.is(fromBuffer(toBuffer(text)), text);
    t.is(Buffer.from(toBuffer(text)).toString("latin1"), text);
  }
});

test("payloads: text as UTF-8, buffers and views as they are, nothing else", (t) => {
  t.is(codec.toBytes("ü€"), "\xc3\xbc\xe2\x82\xac");
  t.is(codec.toBytes(Uint8Array.of(1, 255).buffer), "\x01\xff");
  t.is(codec.toBytes(new DataView(Uint8Array.of(1, 2, 200, 4).buffer, 1, 2)), "\x02\xc8");
  for (const value of [5, null, undefined, {}, ["x"]]) t.is(codec.toBytes(value), undefined);
  t.is(codec.toText!("\xc3\xbc"), "ü");
  t.is(codec.toText!("\xff"), "\xff");
  t.deepEqual(codec.toPayload!("\x00\xff"), Uint8Array.of(0, 255).buffer);
});
