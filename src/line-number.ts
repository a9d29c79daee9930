import { parsePhoneNumberFromString } from 'libphonenumber-js/min'

/** Of the line, as Vapi has it, in E.164; `null`: withheld, or of a web call. */
export function lineNumber(number: string | null): string | null {
  const parsed = number === null ? undefined : parsePhoneNumberFromString(number, { defaultCountry: 'US', extract: false })
  return parsed?.isPossible() ? parsed.number : null
}
