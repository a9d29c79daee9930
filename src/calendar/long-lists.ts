import { setImmediate as nextTurn } from 'node:timers/promises'

const TURN_MS = 20

/** `map` for lists that may be long: whoever else is served meanwhile waits for a moment at most. */
export async function mapLongList<From, To>(items: From[], work: (item: From) => To): Promise<To[]> {
  const results: To[] = []
  let turnEndsAt = performance.now() + TURN_MS
  for (const item of items) {
    if (performance.now() > turnEndsAt) {
      await nextTurn()
      turnEndsAt = performance.now() + TURN_MS
    }
    results.push(work(item))
  }
  await nextTurn() // what follows is the writing of the answer, a turn of its own
  return results
}
