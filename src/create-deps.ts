import { createCipher } from './cipher.ts'
import type { Config } from './config.ts'
import type { Deps } from './deps.ts'
import { createMetrics } from './metrics.ts'
import { createProviders } from './providers/index.ts'
import { tokenVerifier } from './users/token.ts'

/** Everything the code needs, from the settings and what the process has opened. */
export function createDeps(config: Config, opened: Pick<Deps, 'db' | 'clock' | 'log'>): Deps {
  const metrics = createMetrics()
  const { providerMs, providerCreateMs } = config.timeouts
  return {
    config,
    ...opened,
    metrics,
    providers: createProviders(config, {
      observe: ({ vendor, operation, status, seconds }) => metrics.vendorRequest({ vendor, operation, status: String(status) }, seconds),
      timeouts: { read: providerMs, create: providerCreateMs, token: providerMs },
    }),
    cipher: createCipher(config.tokenEncryptionKeys),
    identify: tokenVerifier(config),
  }
}
