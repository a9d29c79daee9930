import { monthName } from '../words/words.ts'

/** From when somebody may move in, seen from `today`. */
export interface Availability {
  /** 0: now. */
  days: number
  /** "Available November 15", "Available now". */
  text: string
}

/** From here on a day without its year would be taken for the one before. */
export const YEAR_DAYS = 365

/** @param date `YYYY-MM-DD`; `null` is now */
export function availabilityOf(date: string | null, today: Temporal.PlainDate): Availability {
  const from = date === null ? today : Temporal.PlainDate.from(date)
  const days = today.until(from).days
  if (days <= 0) return { days: 0, text: 'Available now' }
  return { days, text: `Available ${monthName(from.month)} ${from.day}${days >= YEAR_DAYS ? `, ${from.year}` : ''}` }
}
