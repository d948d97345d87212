// The `test` that tests of the core import: AVA on Node; the XS bundle puts ../xs/harness.ts in its place.
// It adds nothing of its own.

export { default } from "ava";
