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
const flag = z
  .union([z.boolean(), z.string().transform((value) => /^(true|yes)$/i.test(value.trim()))])
  .optional()
  .catch(undefined)
  .transform((value) => value ?? false)
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
    email_confirmed: flag,
    attendee_phone: text,
    phone: text,
    property_address: text,
    title: text,
    subject: text,
    description: text,
    notes: text,
    second: flag,
  })
  .transform((p) => ({
    /** The letter of an offer. */
    slot: p.slot,
    /** A time, in words or ISO. */
    when: p.start_time ?? p.appointment_time ?? p.dateTime ?? p.when,
    until: p.end_time,
    minutes: p.duration,
    /** IANA, for a written time without an offset. */
    timeZone: zoneOf(p.timezone),
    name: p.attendee_name ?? p.name,
    /** As it was said. */
    email: p.attendee_email ?? p.email,
    /** The caller has heard it read back and said yes. */
    isEmailConfirmed: p.email_confirmed,
    /** As it was said. */
    phone: p.attendee_phone ?? p.phone,
    address: p.property_address,
    title: p.title ?? p.subject,
    notes: p.description ?? p.notes,
    /** Besides another one of the same day, and the caller has said so. */
    isSecond: p.second,
  }))

/** Of the one appointment that is meant: its code, and the time that tells it apart from others of the same caller. */
export const AppointmentParameters = z
  .object({ code: text, confirmation_code: text, current_time: text, appointment_time: text, start_time: text, when: text })
  .transform((p) => ({
    /** As it was said. */
    code: p.code ?? p.confirmation_code,
    /** In words or ISO. */
    at: p.current_time ?? p.appointment_time ?? p.start_time ?? p.when,
  }))

export const MoveParameters = z
  .object({
    code: text,
    confirmation_code: text,
    current_time: text,
    slot: text,
    new_time: text,
    new_start_time: text,
    start_time: text,
    appointment_time: text,
    dateTime: text,
    when: text,
    end_time: text,
    duration: minutes,
    timezone: text,
  })
  .transform((p) => ({
    code: p.code ?? p.confirmation_code,
    at: p.current_time,
    slot: p.slot,
    /** The new time, in words or ISO. */
    when: p.new_time ?? p.new_start_time ?? p.start_time ?? p.appointment_time ?? p.dateTime ?? p.when,
    until: p.end_time,
    minutes: p.duration,
    timeZone: zoneOf(p.timezone),
  }))

export const MessageParameters = z
  .object({
    message: text,
    notes: text,
    reason: text,
    name: text,
    attendee_name: text,
    phone: text,
    attendee_phone: text,
    email: text,
    attendee_email: text,
    wished_time: text,
    when: text,
    property_address: text,
  })
  .transform((p) => ({
    /** What the caller wants. */
    message: p.message ?? p.notes ?? p.reason,
    name: p.name ?? p.attendee_name,
    phone: p.phone ?? p.attendee_phone,
    email: p.email ?? p.attendee_email,
    /** In the caller's words. */
    wishedTime: p.wished_time ?? p.when,
    address: p.property_address,
  }))

export const EmailParameters = z
  .object({ email: text, attendee_email: text, spell: flag, email_confirmed: flag })
  .transform((p) => ({ email: p.email ?? p.attendee_email, spell: p.spell, isConfirmed: p.email_confirmed }))

export const RentalParameters = z.object({ location: text, property_address: text, price_range: text, website: text }).transform((p) => ({
  location: oneLine(p.location ?? p.property_address ?? '', 200) || undefined,
  price: p.price_range === undefined ? undefined : readPriceRange(p.price_range),
  website: websiteOf(p.website),
}))

function zoneOf(name: string | undefined): string | undefined {
  return name !== undefined && isTimeZone(name) ? name : undefined
}

/** Of an address the host; words for "whichever" are none. */
function websiteOf(given: string | undefined): string | undefined {
  const name = websiteName(given ?? '')
  return name === '' || /^(any|all|none|null|undefined|unknown|n\/a)$/i.test(name) ? undefined : name
}

function readMinutes(text: string): number {
  const [, count, unit = ''] = /^\s*(\d{1,3}(?:\.\d)?)\s*([a-z]*)/i.exec(text) ?? []
  return Number(count) * (unit.toLowerCase().startsWith('h') ? 60 : 1)
}
