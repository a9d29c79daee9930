import type { Deps } from './deps.ts'

/** Runs `work` now and again, never twice at once; what fails is logged and tried again in its turn. Its signal fires when it is to stop. */
export function repeatedly(
  { log }: Pick<Deps, 'log'>,
  everyMs: number,
  work: (signal: AbortSignal) => Promise<unknown>,
): { stop(): Promise<void> } {
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
