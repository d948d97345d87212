// What a part exports itself, `require("M95-sleep").cycle`, so that the driver's file has nothing of it. It lays out no file.

/** Functions that a part exports: their first argument is one of the driver's objects. */
const OWN = ["cycle"];

/** What the runtime finds by its name, and nobody else. */
const RUNTIME = ["partText", "checkParts"];

/** A bundle that exports neither. */
export function withoutOwn(bundle) {
  return bundle.replace(new RegExp(`^exports\\.(${[...RUNTIME, ...OWN].join("|")}) = \\1;\\n`, "gm"), "");
}

/**
 * The code that a part begins with; "" for most.
 * @param {{ cold: import("./cold.mjs").Cold[], dispatch: string }} program
 * @param {(number: number) => number} called how the part calls a function
 */
export function ownExports({ cold, dispatch }, part, called) {
  const own = cold.map(({ name }, number) => ({ name, number })).filter(({ name }) => OWN.includes(name));
  return own
    .filter(({ number }) => cold[number].part === part)
    .map(({ name, number }) => `exports.${name}=function(j,q){return j.${dispatch}(${called(number)},j,q)};`)
    .join("");
}
