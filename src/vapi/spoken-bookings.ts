import { oneLine } from '../one-line.ts'
import { ANYTHING_ELSE, placed } from './sentence-parts.ts'
import { sayCode } from './spoken-code.ts'
import { lastFour } from './spoken-phone.ts'
import { spokenTime } from './spoken-time.ts'

/** What is told of a booking that was just made. */
export interface Booked {
  startsAt: Date
  timeZone: string
  place?: string | null
  /** By which the appointment is found again: six digits. */
  code: string
  /** E.164, of the line: said when the caller gave no other. */
  callersNumber?: string | null
  /** The calendar sends an invitation: only true when an e-mail address was given. */
  invited?: boolean
  /** An address was said that nobody can write to. */
  emailUnclear?: boolean
  /** The clock shows this time twice that night. */
  repeatedHour?: boolean
}

export function bookedSentence(booked: Booked): string {
  return oneLine(
    [
      `You are booked for ${spokenTime(booked.startsAt, booked.timeZone)}${placed(booked.place)}.`,
      booked.repeatedHour ? 'The clocks go back that night, and I mean the first of the two.' : '',
      booked.invited ? 'An invitation comes by e-mail.' : '',
      booked.callersNumber && !booked.invited && !booked.emailUnclear
        ? `I have your number ending in ${lastFour(booked.callersNumber)}.`
        : '',
      coded(booked.code),
      booked.emailUnclear ? 'I did not get the e-mail address, so no invitation goes out yet. Could you spell it for me?' : ANYTHING_ELSE,
    ].join(' '),
  )
}

/** The same wish again: the one booking stands. */
export function alreadyBookedSentence({
  startsAt,
  timeZone,
  code,
  invited,
}: Pick<Booked, 'startsAt' | 'timeZone' | 'code' | 'invited'>): string {
  const invitation = invited ? ' An invitation comes by e-mail.' : ''
  return oneLine(`You are already booked for ${spokenTime(startsAt, timeZone)}.${invitation} ${coded(code)} ${ANYTHING_ELSE}`)
}

/** The answer had to go out before it was known how the booking ended. */
export function unsureSentence(): string {
  return 'I do not know yet whether that is booked. Shall I check?'
}

/** Held, but whether the calendar has it is not known yet: promises nothing. */
export function pendingSentence(startsAt: Date, timeZone: string): string {
  return oneLine(`I am holding ${spokenTime(startsAt, timeZone)} for you, but it is not confirmed yet. Shall I check again?`)
}

/** The same, asked for again a good while later. */
export function stillPendingSentence(startsAt: Date, timeZone: string): string {
  return oneLine(`${spokenTime(startsAt, timeZone)} is still not confirmed, though I am holding it for you. Shall I take a message?`)
}

function coded(code: string): string {
  return `Your code is ${sayCode(code)}.`
}
