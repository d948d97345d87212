// Loaded by AVA into each of its processes: Math.random, which the driver takes its waiting times and names from, repeats itself
// for the same M95_SEED. `npm test` draws one and prints it; without it the seed is 1. fast-check has seeds of its own.

const seed = Number(process.env.M95_SEED ?? 1);
if (!Number.isSafeInteger(seed)) throw new Error(`M95_SEED has to be an integer, not ${process.env.M95_SEED}`);

let state = seed >>> 0;

/** mulberry32 */
Math.random = () => {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
};
