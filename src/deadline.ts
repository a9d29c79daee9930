import type { Deps } from './deps.ts'

/** Fires when somebody who waits for an answer has waited long enough, on the phone or before a page. */
export function deadline({ config }: Pick<Deps, 'config'>): AbortSignal {
  return AbortSignal.timeout(config.timeouts.toolCallMs)
}
