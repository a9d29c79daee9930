import { parsePhoneNumberFromString } from 'libphonenumber-js/min'
import type { CountryCode } from './phone-region.ts'

/** Of the line, as Vapi has it, in E.164; `null`: withheld, or of a web call. */
export function lineNumber(number: string | null): string | null {
  return number === null ? null : writtenNumber(number, 'US')
}

/** As somebody wrote it down, in E.164; `null`: that is none. @param region whose national numbers need no code of their country */
export function writtenNumber(text: string, region: CountryCode): string | null {
  const parsed = parsePhoneNumberFromString(text, { defaultCountry: region, extract: false })
  return parsed?.isPossible() ? parsed.number : null
}
