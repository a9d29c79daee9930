import type { Test } from 'tap'

/** As many rows as patterns, each fitting its own: `t.match` alone lets further rows pass. */
export function eachMatches(
  t: Test,
  rows: readonly unknown[],
  patterns: readonly unknown[],
  message = 'each row is as expected, and there is no other',
): void {
  t.equal(rows.length, patterns.length, message)
  t.match(rows, patterns, message)
}
