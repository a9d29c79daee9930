import { parsePhoneNumberFromString } from 'libphonenumber-js/min'
import * as z from 'zod'
import { oneLine } from '../one-line.ts'
import { readPriceRange } from '../rentals/price-range.ts'
import { websiteName } from '../rentals/website.ts'
import { isTimeZone } from '../time-zone.ts'

/**
 * What models send, under every name that the requirement documents and older prompts use. Each schema ends in our own words; a value that
 * does not fit is as good as none, because the sentence that asks for it says more than an error. Unknown names are left alone: a
 * `user_id` that a model wrote is text, never a key.
 */

// Templates of Vapi that have no value arrive as ''.
const text = z
  .union([z.string(), z.number()])
  .transform((value) => String(value).trim() || undefined)
  .optional()
  .catch(undefined)
/** What an appointment may last. */
export const SHORTEST_MINUTES = 5
export const LONGEST_MINUTES = 480
// "60", "60 minutes", "1 hour".
const minutes = z
  .union([z.number(), z.string().transform(readMinutes)])
  .pipe(z.number().int().min(SHORTEST_MINUTES).max(LONGEST_MINUTES))
  .optional()
  .catch(undefined)
const days = z.coerce.number().int().min(1).max(365).optional().catch(undefined)
const partOfDay = z
  .string()
  .transform((value) => value.trim().toLowerCase())
  .pipe(z.enum(['morning', 'afternoon', 'evening']))
  .optional()
  .catch(undefined)

export const AvailabilityParameters = z
  .object({
    date: text,
    when: text,
    start_date: text,
    timePreference: partOfDay,
    part_of_day: partOfDay,
    duration: minutes,
    days_ahead: days,
  })
  .transform((p) => ({
    /** A day or time, in words or ISO. */
    when: p.date ?? p.when,
    /** The day from which to look on. */
    from: p.start_date,
    partOfDay: p.part_of_day ?? p.timePreference,
    minutes: p.duration,
    daysAhead: p.days_ahead,
  }))

export const NextParameters = z
  .object({ duration: minutes, part_of_day: partOfDay })
  .transform((p) => ({ when: undefined, from: undefined, partOfDay: p.part_of_day, minutes: p.duration, daysAhead: undefined }))

export const BookingParameters = z
  .object({
    slot: text,
    start_time: text,
    appointment_time: text,
    dateTime: text,
    when: text,
    end_time: text,
    duration: minutes,
    timezone: text,
    attendee_name: text,
    name: text,
    attendee_email: text,
    email: text,
    attendee_phone: text,
    phone: text,
    property_address: text,
    title: text,
    subject: text,
    description: text,
    notes: text,
  })
  .transform((p) => ({
    /** The letter of an offer. */
    slot: p.slot,
    /** A time, in words or ISO. */
    when: p.start_time ?? p.appointment_time ?? p.dateTime ?? p.when,
    until: p.end_time,
    minutes: p.duration,
    /** IANA, for a written time without an offset. */
    timeZone: p.timezone !== undefined && isTimeZone(p.timezone) ? p.timezone : undefined,
    name: p.attendee_name ?? p.name,
    email: emailOf(p.attendee_email ?? p.email),
    phone: p.attendee_phone ?? p.phone,
    address: p.property_address,
    title: p.title ?? p.subject,
    notes: p.description ?? p.notes,
  }))

export const RentalParameters = z.object({ location: text, property_address: text, price_range: text, website: text }).transform((p) => ({
  location: oneLine(p.location ?? p.property_address ?? '', 200) || undefined,
  price: p.price_range === undefined ? undefined : readPriceRange(p.price_range),
  website: websiteOf(p.website),
}))

/** Of an address the host; words for "whichever" are none. */
function websiteOf(given: string | undefined): string | undefined {
  const name = websiteName(given ?? '')
  return name === '' || /^(any|all|none|null|undefined|unknown|n\/a)$/i.test(name) ? undefined : name
}

function readMinutes(text: string): number {
  const [, count, unit = ''] = /^\s*(\d{1,3}(?:\.\d)?)\s*([a-z]*)/i.exec(text) ?? []
  return Number(count) * (unit.toLowerCase().startsWith('h') ? 60 : 1)
}

/** An address that mail can be sent to; anything else is none, and the booking goes without an invitation. */
function emailOf(given: string | undefined): string | undefined {
  return z.email().max(254).safeParse(given).data
}

/** E.164. Numbers without a country are read as American; what is no number is none. */
export function phoneOf(given: string | null | undefined): string | null {
  const number = given ? parsePhoneNumberFromString(given, { defaultCountry: 'US', extract: false }) : undefined
  return number?.isPossible() ? number.number : null
}
