import type { PartOfDay } from '../calendar/slots.ts'
import { cardinal } from '../calendar/words.ts'
import type { Interval } from '../providers/provider.ts'
import { detail, oneLine } from './one-line.ts'
import { MOST_OFFERS, spokenOffers } from './spoken-offers.ts'
import { spokenDay, spokenHours, spokenTime } from './spoken-time.ts'

export { oneLine } from './one-line.ts'
export * from './questions.ts'
export { spokenTime } from './spoken-time.ts'

/**
 * Every sentence a caller hears. Each is one line without colons, zone names, years or jargon, and ends with a question: Vapi turns
 * colons and line breaks into full stops and reads the rest aloud as it stands.
 */

const ANYTHING_ELSE = 'Is there anything else I can do for you?'
const TAKE_MESSAGE = 'Shall I take a message instead?'

/** @param complete `offers` are all there is on their day, or in the wished part of it */
export function offerSentence(offers: Interval[], timeZone: string, told: { complete?: boolean; partOfDay?: PartOfDay } = {}): string {
  if (offers.length === 0) return nothingAtAllSentence()
  const days = new Set(offers.map((offer) => spokenDay(offer.startsAt, timeZone)))
  const all = told.complete && days.size === 1 && offers.length <= MOST_OFFERS ? ` That is all I have that ${told.partOfDay ?? 'day'}.` : ''
  return oneLine(`I have ${spokenOffers(offers, timeZone)}.${all} ${whichOne(offers)}`)
}

/** Nothing free at the wished time, but elsewhere. `wish.range` of one local day is named by its day. */
export function nothingFreeSentence(wish: { range: Interval; partOfDay?: PartOfDay }, others: Interval[], timeZone: string): string {
  const day = spokenDay(wish.range.startsAt, timeZone)
  const oneDay = day === spokenDay(new Date(wish.range.endsAt.getTime() - 1), timeZone)
  const nothing = oneDay
    ? `I have nothing free on ${day}${wish.partOfDay ? ` in the ${wish.partOfDay}` : ''}.`
    : `I have ${wish.partOfDay ? `no free ${wish.partOfDay}` : 'nothing free'} in that time.`
  if (others.length === 0) return oneLine(`${nothing} Which other day would suit you?`)
  return oneLine(`${nothing} ${nearest(others, timeZone)}`)
}

/** @param until the last day that was looked at */
export function nothingAtAllSentence(until?: { day: Date; timeZone: string }): string {
  const span = until ? ` up to ${spokenDay(until.day, until.timeZone)}` : ''
  return oneLine(`I am sorry, I have nothing free${span}. ${TAKE_MESSAGE}`)
}

/** The read-back before a booking. */
export function confirmSentence(startsAt: Date, timeZone: string, place?: string): string {
  return oneLine(`That would be ${spokenTime(startsAt, timeZone)}${placed(place)}. Shall I book it?`)
}

export interface Booked {
  startsAt: Date
  timeZone: string
  place?: string
  /** The calendar sends an invitation: only true when an e-mail address was given. */
  invited?: boolean
  /** Digits that prove the booking later. */
  code?: string
  /** The clock shows this time twice that night. */
  repeatedHour?: boolean
}

export function bookedSentence(booked: Booked): string {
  return oneLine(
    [
      `You are booked for ${spokenTime(booked.startsAt, booked.timeZone)}${placed(booked.place)}.`,
      booked.repeatedHour ? 'The clocks go back that night, and I mean the first of the two.' : '',
      booked.invited ? 'An invitation comes by e-mail.' : '',
      booked.code ? `Your code is ${spelled(booked.code)}.` : '',
      ANYTHING_ELSE,
    ].join(' '),
  )
}

/** The same wish again: the one booking stands. */
export function alreadyBookedSentence(startsAt: Date, timeZone: string): string {
  return oneLine(`You are already booked for ${spokenTime(startsAt, timeZone)}. ${ANYTHING_ELSE}`)
}

/** Another appointment of this caller on the same day. */
export function sameDaySentence(existing: Date, timeZone: string): string {
  return oneLine(
    `You already have an appointment on ${spokenTime(existing, timeZone)}. Would you like to keep it, move it, or add another?`,
  )
}

export function movedSentence(startsAt: Date, timeZone: string): string {
  return oneLine(`Your appointment is moved to ${spokenTime(startsAt, timeZone)}. ${ANYTHING_ELSE}`)
}

export function cancelledSentence(startsAt: Date, timeZone: string): string {
  return oneLine(`Your appointment on ${spokenTime(startsAt, timeZone)} is cancelled. Would you like another time?`)
}

/** Held, but whether the calendar has it is not known yet: promises nothing. */
export function pendingSentence(startsAt: Date, timeZone: string): string {
  return oneLine(`I am holding ${spokenTime(startsAt, timeZone)} for you, but it is not confirmed yet. Shall I check again?`)
}

export function takenSentence(alternatives: Interval[], timeZone: string): string {
  return oneLine(`Someone took that time a moment ago, sorry. ${nearest(alternatives, timeZone)}`)
}

/** @param earliest the first bookable time after the notice; offered */
export function tooSoonSentence(earliest: Date | undefined, timeZone: string): string {
  if (!earliest) return oneLine(`That is too soon for me to book. ${TAKE_MESSAGE}`)
  return oneLine(`That is too soon for me to book. The earliest I have is ${spokenTime(earliest, timeZone)}. Would that work?`)
}

/** @param lastDay the last day that can be booked */
export function tooFarSentence(lastDay: Date, timeZone: string): string {
  return oneLine(`I can book up to ${spokenDay(lastDay, timeZone)}. Which day before that would suit you?`)
}

/** @param hours of that day, as in the opening hours; none: closed all day */
export function closedSentence(day: Date, hours: [string, string][], alternatives: Interval[], timeZone: string): string {
  const name = spokenDay(day, timeZone)
  const open = hours.length > 0 ? `On ${name} we are open ${spokenHours(hours)}.` : `We are closed on ${name}.`
  return oneLine(`${open} ${nearest(alternatives, timeZone)}`)
}

/** A time between the grid's steps. */
export function offGridSentence(alternatives: Interval[], timeZone: string): string {
  return oneLine(`I cannot start at exactly that time. ${nearest(alternatives, timeZone)}`)
}

function nearest(alternatives: Interval[], timeZone: string): string {
  if (alternatives.length === 0) return 'Which other day would suit you?'
  const two = alternatives.slice(0, 2)
  return `The nearest I have is ${spokenOffers(two, timeZone)}. ${whichOne(two)}`
}

function whichOne(offers: Interval[]): string {
  return offers.length > 1 ? 'Which would you like?' : 'Would that work?'
}

function placed(place: string | undefined): string {
  const where = detail(place ?? '')
  return where ? `, at ${where}` : ''
}

/** "seven four two": read one by one, whatever the voice would make of the number. */
function spelled(code: string): string {
  return [...detail(code)].map((char) => (/\d/.test(char) ? cardinal(Number(char)) : char)).join(' ')
}
