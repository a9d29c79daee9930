import { sweepAssistants } from './assistants/remove.ts'
import { settle } from './bookings/settle.ts'
import { dropOldEvents } from './db/clerk-events.ts'
import { dropOldHits } from './db/rate-limits.ts'
import type { Deps } from './deps.ts'
import { finishDeletions } from './users/delete.ts'

interface Task {
  /** Begins nothing any more, and waits for what has begun. */
  stop(): Promise<void>
}

/** All that is done without being asked for: what a crash or a silent vendor left half-way is finished, what is outdated is dropped. */
export function startBackground(deps: Deps): Task {
  const { settleIntervalMs } = deps.config.timeouts
  const tasks = [
    repeatedly(deps, settleIntervalMs, (stop) => settle(deps, stop)),
    repeatedly(deps, settleIntervalMs, (stop) => sweepAssistants(deps, stop)),
    // Often enough that a deleted user's rows are gone within a minute, whatever her calendar's vendor does.
    repeatedly(deps, 5000, (stop) => finishDeletions(deps, stop)),
    repeatedly(deps, 60_000, () => dropOldHits(deps.db)),
    repeatedly(deps, 60 * 60_000, () => dropOldEvents(deps.db)),
  ]
  return { stop: async () => void (await Promise.all(tasks.map((task) => task.stop()))) }
}

/** Runs `work` now and again, never twice at once; what fails is logged and tried again in its turn. Its signal fires when it is to stop. */
function repeatedly({ log }: Pick<Deps, 'log'>, everyMs: number, work: (stop: AbortSignal) => Promise<unknown>): Task {
  let running = Promise.resolve()
  let busy = false
  const stopping = new AbortController()
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    running = work(stopping.signal)
      .catch((error: unknown) => log.warn({ err: error }, 'background work failed; it is tried again'))
      .then(() => {
        busy = false
      })
  }, everyMs)
  timer.unref()
  return {
    stop: () => {
      clearInterval(timer)
      stopping.abort()
      return running
    },
  }
}
