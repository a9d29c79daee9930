import type { Config } from '../config.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { isAllowedOrigin } from '../origins.ts'
import type { Role } from './choice.ts'
import { providerOf } from './provider-of.ts'
import { openFlow } from './state.ts'

/**
 * Begins connecting a calendar.
 * @returns the vendor's page where access is granted
 * @throws AppError `return_origin_refused`, `provider_off`
 */
export async function startConnecting(
  deps: Deps,
  flow: { clerkUserId: string; provider: string; role: Role; returnOrigin: string },
): Promise<URL> {
  refuseStrangeOrigin(deps.config, flow.returnOrigin)
  const vendor = providerOf(deps, flow.provider)
  const { state, codeChallenge } = await openFlow(deps, flow)
  return vendor.authorizationUrl(state, codeChallenge)
}

/** Scheme, host and port and nothing else, as browsers write `location.origin`, and on the list. @throws AppError `return_origin_refused` */
export function refuseStrangeOrigin(config: Config, origin: string): void {
  const isOrigin = URL.canParse(origin) && new URL(origin).origin === origin
  if (!isOrigin || !isAllowedOrigin(config, origin)) throw new AppError('return_origin_refused', 'not on the list')
}
