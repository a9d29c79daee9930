import * as z from 'zod'
import { isTimeZone } from '../time-zone.ts'
import { days, flag, minutes, partOfDay, text } from './arguments.ts'

/**
 * What models send, under every name that the requirement documents and older prompts use. Each schema ends in our own words. Unknown names
 * are left alone: a `user_id` that a model wrote is text, never a key.
 */

const DAY = 'The day or time that the caller wishes, in the words of the caller, such as tomorrow or next Tuesday at two'
const EXACT = 'The time that the caller has agreed to, as local wall-clock time without an offset, such as 2026-12-01T14:30'
const PART = 'The part of the day that the caller prefers'
const LENGTH = 'Length of the appointment in minutes. Leave out unless the caller asks for a certain length'
const EMAIL = 'E-mail address of the caller as it was spoken. Leave out if none was given'
const PHONE = 'Another phone number to reach the caller under. Leave out if it is the number of this call'
const CODE = 'The confirmation code of the appointment, as the caller says it'
const NAME = 'Full name of the caller'
const ADDRESS = 'Street address of the property, as the caller confirmed it'
const NOTES = 'What the owner should know beforehand'

export const AvailabilityParameters = z
  .object({
    date: text(DAY),
    when: text(DAY),
    start_date: text('The first day from which to look, such as 2026-12-01'),
    timePreference: partOfDay(PART),
    part_of_day: partOfDay(PART),
    duration: minutes(LENGTH),
    days_ahead: days('How many days to look ahead. Leave out unless the caller names a span'),
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
  .object({ duration: minutes(LENGTH), part_of_day: partOfDay(PART) })
  .transform((p) => ({ when: undefined, from: undefined, partOfDay: p.part_of_day, minutes: p.duration, daysAhead: undefined }))

const SLOT = 'The letter of the offered time that the caller chose, from the slots of the last answer, such as A'
const WISHED_ZONE = 'IANA name of the time zone that the caller named. Leave out if none was named'
const WHEN = 'The time that the caller chose, in the words of the caller, where no letter stands for it'
const UNTIL = 'When it ends, as local wall-clock time without an offset'
const TITLE = 'What the appointment is about, in a few words'

export const BookingParameters = z
  .object({
    slot: text(SLOT),
    start_time: text(EXACT),
    appointment_time: text(EXACT),
    dateTime: text(EXACT),
    when: text(WHEN),
    end_time: text(UNTIL),
    duration: minutes(LENGTH),
    timezone: text(WISHED_ZONE),
    attendee_name: text(NAME),
    name: text(NAME),
    attendee_email: text(EMAIL),
    email: text(EMAIL),
    email_confirmed: flag('True once the caller has heard the e-mail address read back and said yes'),
    attendee_phone: text(PHONE),
    phone: text(PHONE),
    property_address: text(ADDRESS),
    title: text(TITLE),
    subject: text(TITLE),
    description: text(NOTES),
    notes: text(NOTES),
    second: flag('True when the caller wants this besides another appointment of the same day, and has said so'),
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

const CURRENT = 'When the appointment is now, in the words of the caller. Needed where the caller has several'

/** Of the one appointment that is meant: its code, and the time that tells it apart from others of the same caller. */
export const AppointmentParameters = z
  .object({
    code: text(CODE),
    confirmation_code: text(CODE),
    current_time: text(CURRENT),
    appointment_time: text(CURRENT),
    start_time: text(CURRENT),
    when: text(CURRENT),
  })
  .transform((p) => ({
    /** As it was said. */
    code: p.code ?? p.confirmation_code,
    /** In words or ISO. */
    at: p.current_time ?? p.appointment_time ?? p.start_time ?? p.when,
  }))

export const MoveParameters = z
  .object({
    code: text(CODE),
    confirmation_code: text(CODE),
    current_time: text(CURRENT),
    slot: text(SLOT),
    new_time: text('The new time that the caller chose, in the words of the caller, where no letter stands for it'),
    new_start_time: text(EXACT),
    start_time: text(EXACT),
    appointment_time: text(EXACT),
    dateTime: text(EXACT),
    when: text(WHEN),
    end_time: text(UNTIL),
    duration: minutes(LENGTH),
    timezone: text(WISHED_ZONE),
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

const MESSAGE = 'What the owner is to be told, in one or two sentences'
const WISHED = 'The day or time that the caller would like, in the words of the caller'

export const MessageParameters = z
  .object({
    message: text(MESSAGE),
    notes: text(MESSAGE),
    reason: text(MESSAGE),
    name: text(NAME),
    attendee_name: text(NAME),
    phone: text(PHONE),
    attendee_phone: text(PHONE),
    email: text(EMAIL),
    attendee_email: text(EMAIL),
    wished_time: text(WISHED),
    when: text(WISHED),
    property_address: text(ADDRESS),
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

const HEARD_EMAIL = 'The e-mail address exactly as the caller spoke or spelled it'

export const EmailParameters = z
  .object({
    email: text(HEARD_EMAIL),
    attendee_email: text(HEARD_EMAIL),
    spell: flag('True when the caller has said no to the address as it was read back, so that it is spelled next'),
    email_confirmed: flag('True once the caller has heard it read back and said yes'),
  })
  .transform((p) => ({ email: p.email ?? p.attendee_email, spell: p.spell, isConfirmed: p.email_confirmed }))

const PLACE = 'Street, part of town or city where the caller wants to live'

export const RentalParameters = z
  .object({
    location: text(PLACE),
    property_address: text(PLACE),
    price_range: text('Monthly rent in dollars, such as 1000-2000 or up to 1500'),
    website: text('The website that the caller saw the home on. Leave out if none was named'),
  })
  .transform((p) => ({
    location: p.location ?? p.property_address,
    /** In the words of the model. */
    priceRange: p.price_range,
    /** An address or a name; may be a word for "whichever". */
    website: p.website,
  }))

function zoneOf(name: string | undefined): string | undefined {
  return name !== undefined && isTimeZone(name) ? name : undefined
}
