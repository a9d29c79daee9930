import { vapiClients } from './assistants/client.ts'
import { createRecentReadings } from './calendar/recent-readings.ts'
import { createCipher } from './cipher.ts'
import type { Config } from './config.ts'
import type { Deps } from './deps.ts'
import { createJobs } from './jobs/queue.ts'
import { createMetrics } from './metrics.ts'
import { createPlaces } from './places.ts'
import { createProviders } from './providers/index.ts'
import { createLines } from './providers/lines.ts'
import type { OutboundOptions } from './providers/outbound.ts'
import { tokenVerifier } from './users/token.ts'

// Of eight connections; a message that waits longer than Vapi does is stored all the same.
const RECORDED_AT_ONCE = 2
const MOST_WAITING = 1000

/** Everything the code needs, from the settings and what the process has opened. */
export function createDeps(config: Config, opened: Pick<Deps, 'db' | 'clock' | 'log'>): Deps {
  const lines = createLines(config.lines)
  const metrics = createMetrics(lines)
  const { providerMs, providerCreateMs } = config.timeouts
  const { apiKey, apiUrl } = config.vapi
  const outbound: OutboundOptions = {
    observe: ({ vendor, operation, status, seconds }) => metrics.vendorRequest({ vendor, operation, status: String(status) }, seconds),
    observeWait: (vendor, seconds) => metrics.vendorWait(vendor, seconds),
    lines,
    timeouts: { read: providerMs, create: providerCreateMs, token: providerMs },
  }
  const vapi = vapiClients(apiUrl, outbound)
  return {
    config,
    ...opened,
    jobs: createJobs(opened.db),
    metrics,
    providers: createProviders(config, outbound),
    recording: createPlaces(RECORDED_AT_ONCE, MOST_WAITING),
    vapi: apiKey === undefined ? undefined : vapi(apiKey, 'installation'),
    vapiWith: (ownKey) => vapi(ownKey, 'own'),
    recentReadings: createRecentReadings(config.timeouts.busyKeptMs),
    cipher: createCipher(config.tokenEncryptionKeys),
    identify: tokenVerifier(config),
  }
}
