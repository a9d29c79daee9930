import type { Deps } from './deps.ts'

/** Runs `work` now and again, never twice at once; what fails is logged and tried again in its turn. */
export function repeatedly({ log }: Pick<Deps, 'log'>, everyMs: number, work: () => Promise<unknown>): { stop(): Promise<void> } {
  let running = Promise.resolve()
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    running = work()
      .catch((error: unknown) => log.warn({ err: error }, 'background work failed; it is tried again'))
      .then(() => {
        busy = false
      })
  }, everyMs)
  timer.unref()
  return {
    stop: () => {
      clearInterval(timer)
      return running
    },
  }
}
