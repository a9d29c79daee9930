import type { Interval } from '../providers/provider.ts'
import type { OpeningHours, PartOfDay } from './zone.ts'

/** What a caller's words mean on the calendar of the business. Nothing is guessed: what is not wholly understood says so. */
export type When =
  /** `repeated_hour`: the clock shows this time twice that night; the first is meant. */
  | { kind: 'instant'; startsAt: Date; note?: 'repeated_hour' | undefined }
  /** Whole local days, from midnight to midnight. */
  | { kind: 'days'; range: Interval; partOfDay?: PartOfDay }
  | { kind: 'ask'; question: Question }
  | { kind: 'cannot'; why: 'not_understood' | 'past' }
  /** A wall time that the clock skips; the neighbours exist, before and after the change. */
  | { kind: 'cannot'; why: 'missing_hour'; neighbours: [Date, Date] }

export const NOT_UNDERSTOOD: When = { kind: 'cannot', why: 'not_understood' }
export const PAST: When = { kind: 'cannot', why: 'past' }

/** One thing to ask back. Days are their local midnights. */
export type Question =
  /** A time or a part of the day without a day. */
  | { about: 'no_day' }
  /** 'next Tuesday' while this week's is still ahead. */
  | { about: 'which_week'; days: [Date, Date] }
  /** The weekday and the date that were said are different days; earlier one first. */
  | { about: 'weekday_or_date'; days: [Date, Date] }
  /** The date has passed this year; `day` is the next one. */
  | { about: 'next_year'; day: Date }
  /** 'at two': morning or afternoon. */
  | { about: 'half_of_day'; times: [Date, Date] }

export interface Setting {
  /** IANA name of the business's zone. */
  timeZone: string
  now: Date
  /** Settles an hour without am or pm; without them such an hour is asked about. */
  openingHours?: OpeningHours
  /** The day the conversation is about: meant where only a time is said. */
  day?: Date
}
