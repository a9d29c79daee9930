import { type CountryCode, getCountries, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/min'

export type { CountryCode }

const DEFAULT_REGION: CountryCode = 'US'

/** The country whose national numbers people say to a business: as it is set, else that of its own number, else of its zone. */
export function regionOf({
  phoneRegion,
  phoneNumber,
  timeZone,
}: {
  phoneRegion: string | null
  phoneNumber: string | null
  timeZone: string
}): CountryCode {
  if (phoneRegion !== null && isSupportedCountry(phoneRegion)) return phoneRegion
  const own = phoneNumber === null ? undefined : parsePhoneNumberFromString(phoneNumber)?.country
  return own ?? regionOfZone(timeZone) ?? DEFAULT_REGION
}

let regions: Map<string, CountryCode> | undefined

/** Countries tell their zones, not the other way round: turned over once, when first needed. */
function regionOfZone(timeZone: string): CountryCode | undefined {
  regions ??= new Map(
    getCountries().flatMap((country) =>
      (new Intl.Locale('und', { region: country }).getTimeZones() ?? []).map((zone) => [zone, country] as const),
    ),
  )
  return regions.get(timeZone)
}
