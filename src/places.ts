import { AppError } from './errors.ts'

/** Lets only so much of a kind of work run at once; the rest waits in order. */
export interface Places {
  /** @throws AppError `unavailable` when too much waits already, and what `work` throws */
  take<T>(work: () => Promise<T>): Promise<T>
}

/** @param atMost at once @param waiting at most, beside those */
export function createPlaces(atMost: number, waiting: number): Places {
  const line: (() => void)[] = []
  let taken = 0
  return {
    take: async (work) => {
      if (taken >= atMost) {
        if (line.length >= waiting) throw new AppError('unavailable', `${waiting} are waiting already`)
        const turn = Promise.withResolvers<void>()
        line.push(turn.resolve)
        await turn.promise
      } else taken += 1
      try {
        return await work()
      } finally {
        // Whoever is next takes over the place.
        const next = line.shift()
        if (next) next()
        else taken -= 1
      }
    },
  }
}
