/** Numbers that look random and are the same for the same seed. */
export interface Chance {
  /** From 0 up to, but not including, 1. */
  next(): number
  /** Whole, both ends included. */
  between(least: number, most: number): number
  /** True so often, from 0 to 1. */
  is(probability: number): boolean
  pick<T>(from: readonly [T, ...T[]]): T
  /** Numbers of its own under a name: what one part draws shifts nothing in another. */
  fork(name: string): Chance
}

/** Mulberry32: small, and good enough to choose moments by. */
export function chance(seed: number): Chance {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1))
  return {
    next,
    between,
    is: (probability) => next() < probability,
    pick: (from) => from[between(0, from.length - 1)] ?? from[0],
    fork: (name) => chance([...name].reduce((sum, letter) => Math.imul(sum ^ letter.charCodeAt(0), 0x01000193), seed ^ 0x811c9dc5)),
  }
}
