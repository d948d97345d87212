// Reads the counts out of what AVA and the XS run print, and words the last line of `npm test`. It runs nothing.

import { stripVTControlCharacters } from "node:util";

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

function linesOf(output) {
  return stripVTControlCharacters(output).split(/\r?\n/);
}

/** Whoever ended badly has failed at least once, and so has whoever ran nothing. */
function honest(counts, exitCode) {
  const suspicious = exitCode !== 0 || counts.passed + counts.failed === 0;
  return counts.failed === 0 && suspicious ? { ...counts, failed: 1 } : counts;
}

/**
 * Counts from AVA's default reporter. Its summary stands below the last rule; it leaves out the passed tests when any
 * failed, so those are then counted by their ticks.
 * @param {string} output what AVA wrote to stdout, colours or not
 * @param {number} exitCode
 * @returns {Counts}
 */
export function parseAva(output, exitCode) {
  const lines = linesOf(output);
  const rule = lines.findLastIndex((line) => line.trim() === "─");
  const summary = rule < 0 ? [] : lines.slice(rule + 1);
  const sum = (pattern) => {
    let total = 0;
    for (const line of summary) total += Number(pattern.exec(line)?.[1] ?? 0);
    return total;
  };
  const ticks = lines.filter((line) => /^ {2}[✔√] (?!\[expected fail\])/.test(line)).length;
  const counts = {
    passed: (sum(/^ *(\d+) tests? passed/) || ticks) + sum(/^ *(\d+) known failures?/),
    failed:
      sum(/^ *(\d+) (?:tests?|hooks?) failed/) +
      sum(/^ *(\d+) (?:unhandled rejection|uncaught exception)s?/) +
      sum(/^ *(\d+) tests? remained pending/),
    skipped: sum(/^ *(\d+) tests? (?:skipped|todo)/),
  };
  return honest(counts, exitCode);
}

function lastCounts(output, pattern) {
  const match = linesOf(output)
    .map((line) => pattern.exec(line))
    .findLast(Boolean);
  const [passed = 0, failed = 0, skipped = 0] = match?.slice(1).map((digits) => Number(digits ?? 0)) ?? [];
  return { passed, failed, skipped };
}

/**
 * Counts from the line that test/xs/run.mjs ends with.
 * @param {string} output
 * @param {number} exitCode
 * @returns {Counts}
 */
export function parseXs(output, exitCode) {
  return honest(lastCounts(output, /^XS [\d.]+: (\d+) passed, (\d+) failed(?:, (\d+) skipped)?/), exitCode);
}

/**
 * Counts from the line that the tests in a real engine end with. For want of the engine that is one that says how many did
 * not run.
 * @param {string} output
 * @param {number} exitCode
 * @returns {Counts}
 */
export function parseEngine(output, exitCode) {
  const lines = linesOf(output);
  const left = lines.map((line) => /did not run \((\d+) skipped/.exec(line)).findLast(Boolean);
  if (left && exitCode === 0) return { passed: 0, failed: 0, skipped: Number(left[1]) };
  return honest(lastCounts(output, /^(\d+) passed, (\d+) failed, (\d+) skipped$/), exitCode);
}

/**
 * Counts from the line that the programs in bench/ end with.
 * @param {string} output
 * @param {number} exitCode
 * @returns {Counts}
 */
export function parseBudgets(output, exitCode) {
  return honest(lastCounts(output, /^Budgets: (\d+) held, (\d+) broken, (\d+) not measured$/), exitCode);
}

/**
 * Rows of the coverage that were not judged for want of a program; the others count together, and only when they fail.
 * @param {string} output
 * @param {number} exitCode
 * @returns {Counts}
 */
export function parseCoverage(output, exitCode) {
  const skipped = linesOf(output).filter((line) => / is not judged: /.test(line)).length;
  return { passed: 0, failed: exitCode === 0 ? 0 : 1, skipped };
}

/**
 * The last line of `npm test`.
 * @param {Counts} counts
 */
export function lastLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
