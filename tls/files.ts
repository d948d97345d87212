// Files in the module's store: how large they may be, and the checksum the module prints. It stores none.

/** Bytes of a file; RAM holds as many in all files together (m95-facts 5, one source). */
export const sizeLimit = { RAM: 32_768, NVRAM: 2017 } as const;

/** XOR of the 16-bit big-endian words, the last byte of an odd length counting as a high byte. */
export function checksum(data: string): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum ^= i % 2 === 0 ? data.charCodeAt(i) << 8 : data.charCodeAt(i);
  return sum;
}
