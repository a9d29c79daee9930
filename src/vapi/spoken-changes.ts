import { oneLine } from '../one-line.ts'
import { ANYTHING_ELSE, placed } from './sentence-parts.ts'
import { sayCode } from './spoken-code.ts'
import { spokenTime } from './spoken-time.ts'

/** What is told of an appointment. */
export interface Told {
  startsAt: Date
  timeZone: string
  place: string | null
}

export function appointmentSentence({ startsAt, timeZone, place }: Told): string {
  return oneLine(
    `Your appointment is on ${spokenTime(startsAt, timeZone)}${placed(place)}. Shall I move it, cancel it, or leave it as it is?`,
  )
}

/** @param code of the appointment: it stays */
export function movedSentence({ startsAt, timeZone, place }: Told, code: string): string {
  return oneLine(
    `Your appointment is now on ${spokenTime(startsAt, timeZone)}${placed(place)}. Your code is still ${sayCode(code)}. ${ANYTHING_ELSE}`,
  )
}

/** Moved to the time that it has, or kept although nothing was changed. */
export function standsSentence({ startsAt, timeZone }: Told): string {
  return oneLine(`Your appointment stands on ${spokenTime(startsAt, timeZone)}. ${ANYTHING_ELSE}`)
}

export function cancelledSentence({ startsAt, timeZone }: Told): string {
  return oneLine(`Your appointment on ${spokenTime(startsAt, timeZone)} is cancelled. ${ANYTHING_ELSE}`)
}

export function alreadyCancelledSentence({ startsAt, timeZone }: Told): string {
  return oneLine(`Your appointment on ${spokenTime(startsAt, timeZone)} is cancelled already. ${ANYTHING_ELSE}`)
}

/** A cancelled appointment, or the time it had before a move, is the caller's again. */
export function restoredSentence({ startsAt, timeZone, place }: Told, code: string): string {
  return oneLine(
    `You keep your appointment on ${spokenTime(startsAt, timeZone)}${placed(place)}. Your code is still ${sayCode(code)}. ${ANYTHING_ELSE}`,
  )
}

/** Asked of the calendar, and not confirmed. @param startsAt the new time; the old one stays the caller's until then */
export function movePendingSentence({ startsAt, timeZone }: Told): string {
  return oneLine(
    `I am moving your appointment to ${spokenTime(startsAt, timeZone)}, but that is not confirmed yet, so the old time stays yours. Shall I check again?`,
  )
}

export function cancelPendingSentence({ startsAt, timeZone }: Told): string {
  return oneLine(
    `I am cancelling your appointment on ${spokenTime(startsAt, timeZone)}, but that is not confirmed yet. Shall I check again?`,
  )
}

export function keepPendingSentence({ startsAt, timeZone }: Told): string {
  return oneLine(`I am keeping ${spokenTime(startsAt, timeZone)} for you, but that is not confirmed yet. Shall I check again?`)
}

/** The answer had to go out before it was known how a change of an appointment ended. */
export function unsureChangeSentence(): string {
  return 'I do not know yet whether that is done. Shall I check?'
}

/** Before the reason why a cancelled appointment cannot stand again. */
export function notBroughtBack(reason: string): string {
  return oneLine(`I could not bring your appointment back. ${reason}`)
}

/** Before the reason why the new time cannot be had. */
export function unchanged(reason: string): string {
  return oneLine(`Your appointment stays as it is. ${reason}`)
}
