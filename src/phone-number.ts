import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js/min'

/** A written phone number in E.164. @param region of numbers without a country code; unless given such a number is none */
export function e164(text: string, region?: CountryCode): string | undefined {
  const parsed = parsePhoneNumberFromString(text, { ...(region ? { defaultCountry: region } : {}), extract: false })
  return parsed?.isPossible() && parsed.ext === undefined ? parsed.number : undefined
}
