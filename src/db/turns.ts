import { arrivedAt } from '../trace.ts'

/** What is given back when it is done with. */
interface Lent {
  release(error?: Error | boolean): void
}

interface Waiting {
  /** When the request for which it is had come in, by `performance.now()`. */
  since: number
  begin(): void
}

/**
 * Lends at most so many at once, to whoever belongs to the earliest request. What was begun is finished before anything new begins, so that
 * of a thousand callers at once some are served, and not all of them half.
 * @param waitMs how long anybody waits
 */
export function inTurns<T extends Lent>(atMost: number, waitMs: number, lend: () => Promise<T>): () => Promise<T> {
  const line: Waiting[] = []
  let lent = 0

  function giveBack(): void {
    const next = line.shift()
    if (next) next.begin()
    else lent -= 1
  }

  function turn(): Promise<void> {
    if (lent < atMost) {
      lent += 1
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        line.splice(line.indexOf(waiting), 1)
        // In the driver's own words.
        reject(new Error('timeout exceeded when trying to connect'))
      }, waitMs)
      const waiting: Waiting = {
        since: arrivedAt(),
        begin: () => {
          clearTimeout(timer)
          resolve()
        },
      }
      const place = line.findIndex(({ since }) => since > waiting.since)
      line.splice(place === -1 ? line.length : place, 0, waiting)
    })
  }

  return async () => {
    await turn()
    try {
      const one = await lend()
      const release = one.release.bind(one)
      one.release = (error) => {
        release(error)
        giveBack()
      }
      return one
    } catch (error) {
      giveBack()
      throw error
    }
  }
}
