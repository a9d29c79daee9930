import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { CalendarProvider } from '../providers/provider.ts'

/** @throws AppError `provider_off` when the vendor has no credentials on this installation */
export function providerOf({ providers }: Pick<Deps, 'providers'>, id: string): CalendarProvider {
  const provider = providers.get(id)
  if (!provider) throw new AppError('provider_off', id)
  return provider
}
