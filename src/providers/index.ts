import { type CalcomSettings, calcomProvider } from './calcom/index.ts'
import { type GoogleSettings, googleProvider } from './google/index.ts'
import { type MicrosoftSettings, microsoftProvider } from './microsoft/index.ts'
import type { OutboundOptions } from './outbound.ts'
import type { CalendarProvider } from './provider.ts'

/** A vendor without settings is switched off. */
export interface ProviderSettings {
  google?: GoogleSettings | undefined
  microsoft?: MicrosoftSettings | undefined
  calcom?: CalcomSettings | undefined
}

/** The list of vendors, by id: one line each. */
export function createProviders(settings: ProviderSettings, options: OutboundOptions = {}): ReadonlyMap<string, CalendarProvider> {
  const providers = [
    settings.google && googleProvider(settings.google, options),
    settings.microsoft && microsoftProvider(settings.microsoft, options),
    settings.calcom && calcomProvider(settings.calcom, options),
  ]
  return new Map(providers.filter((provider) => provider !== undefined).map((provider) => [provider.id, provider]))
}
