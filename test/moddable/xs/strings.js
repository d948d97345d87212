// The SDK's conversions between texts and UTF-8, which xsnap's XS lacks. To be loaded before everything else.

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

ArrayBuffer.fromString = (text) => encoder.encode(text).buffer;
String.fromArrayBuffer = (buffer) => {
  if (!(buffer instanceof ArrayBuffer)) throw new TypeError("no ArrayBuffer");
  return decoder.decode(buffer);
};
