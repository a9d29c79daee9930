import { dropOldEvents } from './db/clerk-events.ts'
import { dropOldHits } from './db/rate-limits.ts'
import type { Deps } from './deps.ts'
import type { JobName } from './jobs/jobs.ts'
import { startWorker, type Work, type Worker } from './jobs/worker.ts'

/** All that is done without being asked for. */
export const work: Work = {
  'drop-old-counters': ({ db }) => dropOldHits(db),
  'drop-old-events': ({ db }) => dropOldEvents(db),
}

/** What is done again and again: once in so many seconds, however many processes there are. */
const schedule: [name: JobName, everySeconds: number][] = [
  ['drop-old-counters', 60],
  ['drop-old-events', 60 * 60],
]

export function startBackground(deps: Deps): Promise<Worker> {
  return startWorker(deps, work, schedule)
}
