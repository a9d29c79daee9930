/**
 * Every sentence a caller hears stands here (what is free, why not, and what we cannot do), in questions.ts (what we ask back), in
 * spoken-bookings.ts, spoken-changes.ts, spoken-messages.ts and spoken-rentals.ts (what became of a wish), or as `say` in errors.ts (what
 * went wrong). Each is one line without colons, zone names, years or jargon: Vapi turns colons and line breaks into full stops and reads
 * the rest aloud as it stands. What answers a function call ends with a question.
 */

import type { Others } from '../bookings/offers.ts'
import { MOST_OFFERS } from '../calendar/choose.ts'
import type { PartOfDay } from '../calendar/zone.ts'
import { AppError } from '../errors.ts'
import { oneLine } from '../one-line.ts'
import type { Interval } from '../providers/provider.ts'
import { spokenOffers } from './spoken-offers.ts'
import { spokenDay, spokenHours, spokenStretch, spokenTime } from './spoken-time.ts'

const OTHER_DAY = 'Which other day would suit you?'

/** @param complete `offers` are all there is on their day, or in the wished part of it */
export function offerSentence(
  offers: Interval[],
  timeZone: string,
  told: { complete?: boolean; partOfDay?: PartOfDay | undefined } = {},
): string {
  const days = new Set(offers.map((offer) => spokenDay(offer.startsAt, timeZone)))
  const all = told.complete && days.size === 1 && offers.length <= MOST_OFFERS ? ` That is all I have that ${told.partOfDay ?? 'day'}.` : ''
  return oneLine(`I have ${spokenOffers(offers, timeZone)}.${all} ${whichOne(offers)}`)
}

/** Where a whole part of a day is open the caller chooses. @param stretch the first and the last time that can be had */
export function anyTimeSentence(stretch: [Date, Date], timeZone: string): string {
  return oneLine(`I have ${spokenDay(stretch[0], timeZone)}, any time ${spokenStretch(stretch, timeZone)}. Which time would you like?`)
}

/**
 * Nothing free at the wished time, but elsewhere. `wish.range` of one local day is named by its day.
 * @param others the nearest, earliest first
 */
export function nothingFreeSentence(
  wish: { range: Interval; partOfDay?: PartOfDay | undefined },
  others: Interval[],
  timeZone: string,
): string {
  const day = spokenDay(wish.range.startsAt, timeZone)
  const oneDay = day === spokenDay(new Date(wish.range.endsAt.getTime() - 1), timeZone)
  const nothing = oneDay
    ? `I have nothing free on ${day}${wish.partOfDay ? ` in the ${wish.partOfDay}` : ''}.`
    : `I have ${wish.partOfDay ? `no free ${wish.partOfDay}` : 'nothing free'} in that time.`
  if (others.length === 0) return oneLine(`${nothing} ${OTHER_DAY}`)
  return oneLine(`${nothing} ${instead(others, timeZone)}`)
}

/** @param lastDay the last day that can be booked: all days up to it were looked through */
export function nothingAtAllSentence(lastDay: Date, timeZone: string): string {
  return oneLine(`I am sorry, I have nothing free up to ${spokenDay(lastDay, timeZone)}. Shall I take a message?`)
}

/** Somebody wants none of the times that were said, and there are no others. */
export function noOthersSentence(which: Others): string {
  return `I have nothing ${which === 'any' ? 'else' : which}. Which of the times that I named would you like?`
}

/**
 * The letters by which the assistant may name the times of a sentence, for it alone: Vapi's formatter speaks nothing that stands in angle
 * brackets (https://docs.vapi.ai/assistants/voice-formatting-plan).
 */
export function withSlots(sentence: string, slots: string[]): string {
  return `${sentence} <${slots.length === 1 ? 'slot' : 'slots'} ${slots.join(', ')}>`
}

/** What day it is where the business is, for the assistant alone: a model that has lost the date finds it in every answer about times. */
export function withToday(sentence: string, now: Date, timeZone: string): string {
  return `${sentence} <today is ${spokenDay(now, timeZone)}, time zone ${timeZone}>`
}

/** Somebody asked for exactly this time, and it can be had. */
export function freeSentence(startsAt: Date, timeZone: string): string {
  return oneLine(`${spokenTime(startsAt, timeZone)} is free. Shall I book it?`)
}

/** Somebody asked for exactly this time, and it cannot be had. @param alternatives earliest first */
export function notFreeSentence(alternatives: Interval[], timeZone: string): string {
  return oneLine(`I do not have that time. ${instead(alternatives, timeZone)}`)
}

/** The answer had to go out before the calendars did. */
export function noAnswerSentence(): string {
  return new AppError('provider_unavailable', 'late').say
}

/** @param alternatives earliest first; at most three are said */
export function takenSentence(alternatives: Interval[], timeZone: string): string {
  return oneLine(`That time is taken, sorry. ${instead(alternatives, timeZone)}`)
}

/** The calendar itself says when it takes appointments. @param alternatives earliest first; at most three are said */
export function notOfferedSentence(alternatives: Interval[], timeZone: string): string {
  return oneLine(`I cannot book that time. ${instead(alternatives, timeZone)}`)
}

/** The business takes no more appointments on that day. @param alternatives earliest first; at most three are said */
export function fullDaySentence(day: Date, alternatives: Interval[], timeZone: string): string {
  return oneLine(`I have no more appointments on ${spokenDay(day, timeZone)}. ${instead(alternatives, timeZone)}`)
}

/** @param earliest the first bookable time after the notice; offered */
export function tooSoonSentence(earliest: Date | undefined, timeZone: string): string {
  if (!earliest) return oneLine(`That is too soon for me to book. ${OTHER_DAY}`)
  return oneLine(`That is too soon for me to book. The earliest I have is ${spokenTime(earliest, timeZone)}. Would that work?`)
}

/** @param lastDay the last day that can be booked */
export function tooFarSentence(lastDay: Date, timeZone: string): string {
  return oneLine(`I can book up to ${spokenDay(lastDay, timeZone)}. Which day before that would suit you?`)
}

/**
 * @param hours of that day, as in the opening hours; none: closed all day
 * @param alternatives earliest first; at most three are said
 */
export function closedSentence(day: Date, hours: [string, string][], alternatives: Interval[], timeZone: string): string {
  const name = spokenDay(day, timeZone)
  const open = hours.length > 0 ? `On ${name} we are open ${spokenHours(hours)}.` : `We are closed on ${name}.`
  return oneLine(`${open} ${instead(alternatives, timeZone)}`)
}

/** A time between the grid's steps. @param alternatives earliest first */
export function offGridSentence(alternatives: Interval[], timeZone: string): string {
  return oneLine(`I cannot start at exactly that time. ${instead(alternatives, timeZone)}`)
}

/** An assistant that no agent of ours stands for. */
export function unknownAssistantSentence(): string {
  return 'This line is not set up for appointments yet, sorry. Is there anything else I can help you with?'
}

/** A function that we do not have. */
export function unknownFunctionSentence(): string {
  return 'I cannot do that on this line. Shall I look for a free time instead?'
}

/** Parameters that could not be read. */
export function noDetailsSentence(): string {
  return 'I did not get the details. Could you say them once more?'
}

/** Vapi asks us which assistant is to answer the call, and there is none. */
export function unmannedLineSentence(): string {
  return 'Sorry, this line is not set up yet. Please call back later.'
}

/** The same, while our database is away or something went wrong. */
export function busyLineSentence(): string {
  return 'Sorry, I cannot take your call right now. Please call back in a few minutes.'
}

export function noTransferSentence(): string {
  return 'I cannot transfer this call right now.'
}

export function noHandoverSentence(): string {
  return 'I cannot hand over this call right now.'
}

/** What there is in place of what cannot be had. */
function instead(alternatives: Interval[], timeZone: string): string {
  if (alternatives.length === 0) return OTHER_DAY
  return `The nearest I have is ${spokenOffers(alternatives, timeZone)}. ${whichOne(alternatives)}`
}

function whichOne(offers: Interval[]): string {
  return offers.length > 1 ? 'Which would you like?' : 'Would that work?'
}
