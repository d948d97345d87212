// Stands in for packages that are not wanted, by the names that package.json gives it. Whoever loads one is told so.

throw new Error("This package is left out on purpose, as package.json says.");
