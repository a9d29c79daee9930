import { oneLine } from '../one-line.ts'
import type { Interval } from '../providers/provider.ts'
import type { Question, When } from '../words/meaning.ts'
import { sayEmail, spellDomain, spellEmail } from './spoken-email.ts'
import { spokenOffers } from './spoken-offers.ts'
import { spokenDay, spokenHour, spokenTime } from './spoken-time.ts'

export function pastSentence(): string {
  return 'That time has already passed. Which other time would suit you?'
}

export function notUnderstoodSentence(): string {
  return 'I did not catch the day and time. Which day and what time would you like?'
}

/** @param neighbours before and after the change; not yet checked against the calendar */
export function missingHourSentence(neighbours: [Date, Date], timeZone: string): string {
  const [before, after] = neighbours.map((startsAt) => ({ startsAt, endsAt: startsAt }))
  const times = spokenOffers(
    [before, after].filter((one) => one !== undefined),
    timeZone,
  )
  return oneLine(`The clocks go forward that night and skip that time. The nearest would be ${times}. Which shall I try?`)
}

/** What `readWhen` could not read, as a sentence. */
export function cannotSentence(cannot: When & { kind: 'cannot' }, timeZone: string): string {
  if (cannot.why === 'missing_hour') return missingHourSentence(cannot.neighbours, timeZone)
  return cannot.why === 'past' ? pastSentence() : notUnderstoodSentence()
}

export function askSentence(question: Question, timeZone: string): string {
  switch (question.about) {
    case 'no_day':
      return 'Which day would you like?'
    case 'which_week':
    case 'weekday_or_date':
    case 'which_date': {
      const [first, second] = question.days.map((day) => spokenDay(day, timeZone))
      return oneLine(`Do you mean ${first} or ${second}?`)
    }
    case 'which_span': {
      const [first, second] = question.days.map((day) => `the ${question.span} of ${spokenDay(day, timeZone)}`)
      return oneLine(`Do you mean ${first} or ${second}?`)
    }
    case 'next_year':
      return oneLine(`That date has passed this year. Do you mean ${spokenDay(question.day, timeZone)} next year?`)
    case 'likely':
      return oneLine(`Do you mean ${'day' in question ? spokenDay(question.day, timeZone) : spokenTime(question.startsAt, timeZone)}?`)
    case 'half_of_day':
    case 'which_time':
      return oneLine(`Do you mean ${twoTimes(question.times, timeZone)}?`)
    case 'either_day': {
      const [first, second] = question.days.map((day) => spokenDay(day, timeZone))
      return oneLine(`Which shall I try first, ${first} or ${second}?`)
    }
    case 'either_time':
      return oneLine(`Which shall I try first, ${twoTimes(question.times, timeZone)}?`)
  }
}

/** The day is said only where it tells the two apart. */
function twoTimes(times: [Date, Date], timeZone: string): string {
  const [first, second] = times.map((time) => spokenDay(time, timeZone))
  const say = first === second ? spokenHour : spokenTime
  return times.map((time) => say(time, timeZone)).join(' or ')
}

/** Another appointment was booked in this call for the day of the one that is asked for. */
export function secondThatDaySentence(startsAt: Date, timeZone: string): string {
  return oneLine(`You already have an appointment on ${spokenTime(startsAt, timeZone)}. Shall I move that one, or book a second one?`)
}

/** A booking needs a day and an hour. */
export function missingTimeSentence(): string {
  return 'Which day and what time would you like?'
}

/** A day was chosen on which these times were offered. @param offers earliest first */
export function whichOfferSentence(offers: Interval[], timeZone: string): string {
  // The same time may have been offered in two lengths.
  const [first, second, third] = new Set(offers.map(({ startsAt }) => startsAt.getTime()))
  if (first === undefined || third !== undefined) return missingTimeSentence()
  if (second === undefined) return askSentence({ about: 'likely', startsAt: new Date(first) }, timeZone)
  return askSentence({ about: 'which_time', times: [new Date(first), new Date(second)] }, timeZone)
}

/** The letter of an offer and the words beside it are different times. @param times the offer's first */
export function whichTimeSentence(times: [Date, Date], timeZone: string): string {
  const [first, second] = times.map((time) => spokenTime(time, timeZone))
  return oneLine(`Do you mean ${first}, or ${second}?`)
}

/** A letter that no offer of this call has. */
export function unknownSlotSentence(): string {
  return 'I am not sure which of the times you mean. Which day and what time would you like?'
}

/** The address that was said has two readings: another domain is likelier, or a number in it may be a word. */
export function whichEmailSentence(addresses: [string, string]): string {
  const [first, second] = addresses.map((address) => spellDomain(address))
  if (first === second) return 'Are the numbers in that e-mail address written as digits, or as words?'
  return oneLine(`Is the e-mail address at ${first}, or at ${second}?`)
}

/** Digits were said, too few or too many for a number. */
export function phoneAgainSentence(): string {
  return 'I did not get the whole phone number. Could you say it once more, with the area code?'
}

/** The first reading of an address, at one go. */
export function readBackSentence(address: string): string {
  return oneLine(`I have ${sayEmail(address)}. Is that right?`)
}

/** The second, when the caller has said no to the first: letter by letter. */
export function spellBackSentence(address: string): string {
  return oneLine(`I spell it. ${spellEmail(address)}. Is that right?`)
}

export function emailAgainSentence(): string {
  return 'I did not get the e-mail address. Could you spell it for me?'
}

/** A message without words. */
export function missingMessageSentence(): string {
  return 'What shall I pass on?'
}

/** Several appointments are the caller's, or one at another time than she says. @param times earliest first */
export function whichAppointmentSentence(times: Interval[], timeZone: string): string {
  const [only] = times
  if (only && times.length === 1) return oneLine(`Your appointment is on ${spokenTime(only.startsAt, timeZone)}. Is that the one you mean?`)
  return oneLine(`You have more than one appointment, ${spokenOffers(times, timeZone)}. Which one do you mean?`)
}
