import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { openFlow } from './state.ts'
import { providerOf } from './tokens.ts'

/**
 * Begins connecting a calendar.
 * @param isAllowed may a browser be sent back to this origin?
 * @returns the vendor's page where access is granted
 * @throws AppError `return_origin_refused`, `provider_off`
 */
export async function startConnecting(
  deps: Deps,
  flow: { clerkUserId: string; provider: string; returnOrigin: string },
  isAllowed: (origin: string) => boolean,
): Promise<URL> {
  refuseStrangeOrigin(flow.returnOrigin, isAllowed)
  const vendor = providerOf(deps, flow.provider)
  const { state, codeChallenge } = await openFlow(deps, flow)
  return vendor.authorizationUrl(state, codeChallenge)
}

/** Scheme, host and port and nothing else, as browsers write `location.origin`, and on the list. */
export function refuseStrangeOrigin(origin: string, isAllowed: (origin: string) => boolean): void {
  const isOrigin = URL.canParse(origin) && new URL(origin).origin === origin
  if (!isOrigin || !isAllowed(origin)) throw new AppError('return_origin_refused', 'not on the list')
}
