import type { DateOverride, DayWindow, DayWindows, OpeningHours, PartOfDay } from '../calendar/zone.ts'
import type { Interval } from '../providers/provider.ts'

/** What a caller's words mean on the calendar of the business. Nothing is guessed: what is not wholly understood says so. */
export type When =
  /** `repeated_hour`: the clock shows this time twice that night; the first is meant. */
  | { kind: 'instant'; startsAt: Date; note?: 'repeated_hour' | undefined }
  /** Whole local days, from midnight to midnight. Of each the `window` is meant, or else the part; `window` lies within it. */
  | { kind: 'days'; range: Interval; partOfDay?: PartOfDay; window?: DayWindow }
  | { kind: 'ask'; question: Question }
  | { kind: 'cannot'; why: 'not_understood' | 'past' }
  /** A wall time that the clock skips; the neighbours exist, before and after the change. */
  | { kind: 'cannot'; why: 'missing_hour'; neighbours: [Date, Date] }

export const NOT_UNDERSTOOD: When = { kind: 'cannot', why: 'not_understood' }
export const PAST: When = { kind: 'cannot', why: 'past' }

/** One thing to ask back. Days are their local midnights; of two the earlier comes first. */
export type Question =
  /** A time or a part of the day without a day. */
  | { about: 'no_day' }
  /** 'next Tuesday' while this week's is still ahead. */
  | { about: 'which_week'; days: [Date, Date] }
  /** 'next week' on a Sunday, 'next weekend' before this one: the Mondays, or the Saturdays, they begin with. */
  | { about: 'which_span'; span: 'week' | 'weekend'; days: [Date, Date] }
  /** The weekday and the date that were said are different days. */
  | { about: 'weekday_or_date'; days: [Date, Date] }
  /** '12/3' is two dates. */
  | { about: 'which_date'; days: [Date, Date] }
  /** The date has passed this year; `day` is the next one. */
  | { about: 'next_year'; day: Date }
  /** What was said cannot be, such as a day of an earlier year: what was probably meant, to be confirmed. */
  | { about: 'likely'; day: Date }
  | { about: 'likely'; startsAt: Date }
  /** 'at two': morning or afternoon. */
  | { about: 'half_of_day'; times: [Date, Date] }
  /** Two instants that the same words or signs may stand for, perhaps on two days. */
  | { about: 'which_time'; times: [Date, Date] }
  /** 'Tuesday or Thursday', 'at two or three': both would do. */
  | { about: 'either_day'; days: [Date, Date] }
  | { about: 'either_time'; times: [Date, Date] }

export interface Setting {
  /** IANA name of the business's zone. */
  timeZone: string
  now: Date
  /** Settles an hour without am or pm; without them such an hour is asked about. */
  openingHours?: OpeningHours
  dateOverrides?: DateOverride[]
  /** What 'morning' or 'lunchtime' mean here; without them what they usually mean. */
  windows?: DayWindows
  /** The day the conversation is about: meant where only a time is said. Its time of day is 'the same time', unless it is midnight. */
  day?: Date
  /** The times that were offered in this call: of two readings the one that was offered is meant. */
  offers?: Date[]
}

/** What words mean at this business and moment. */
export function settingAt(rules: Required<Pick<Setting, 'timeZone' | 'openingHours' | 'dateOverrides' | 'windows'>>, now: Date): Setting {
  const { timeZone, openingHours, dateOverrides, windows } = rules
  return { timeZone, openingHours, dateOverrides, windows, now }
}
