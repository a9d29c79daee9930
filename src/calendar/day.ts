import { NOT_UNDERSTOOD, PAST, type Question, type Setting, type When } from './meaning.ts'
import type { Day, Phrase } from './phrase.ts'
import { dayStart, inZone, weekdayOf, weekdays } from './zone.ts'

/** The day or week that a phrase names. The end of a week is exclusive; days before today are left out of it. */
export type DayReading = { kind: 'day'; date: Temporal.PlainDate } | { kind: 'week'; first: Temporal.PlainDate; end: Temporal.PlainDate }

type Weekly = NonNullable<Phrase['weekday']>

// A date that comes back later than this was more likely meant for this year: it is asked about.
const ROLLS_OVER_DAYS = 182

/** Which day was meant, counted from today in the zone of the business; or what to ask, or why not. */
export function readDays(phrase: Phrase, setting: Setting): DayReading | When {
  const today = inZone(setting.now, setting.timeZone).toPlainDate()
  const reading = chooseDay(phrase, today, setting)
  if (!(reading instanceof Temporal.PlainDate)) return reading
  if (Temporal.PlainDate.compare(reading, today) < 0) return PAST
  return { kind: 'day', date: reading }
}

function chooseDay(phrase: Phrase, today: Temporal.PlainDate, setting: Setting): Temporal.PlainDate | DayReading | When {
  const { day, weekday, week } = phrase
  const ask = (question: Question): When => ({ kind: 'ask', question })
  if (week) return day ? NOT_UNDERSTOOD : readWeek(week, weekday, today)
  if (!day) {
    if (weekday) return readWeekday(weekday, today, setting)
    return setting.day ? inZone(setting.day, setting.timeZone).toPlainDate() : ask({ about: 'no_day' })
  }

  const dates = candidates(day, today)
  const [next] = dates
  if (!next) return NOT_UNDERSTOOD
  if (weekday) {
    const agreeing = dates.find((date) => weekdayOf(date) === weekday.name)
    if (agreeing) return agreeing
    if (saidThisYear(day, today, weekday)) return PAST
    return Temporal.PlainDate.compare(next, today) < 0
      ? PAST
      : ask({ about: 'weekday_or_date', days: midnights([nearestWeekday(weekday, next, today), next], setting) })
  }
  const yearUnsaid = day.kind === 'date' && day.month !== undefined && day.year === undefined
  if (yearUnsaid && today.year < next.year && today.until(next, { largestUnit: 'days' }).days > ROLLS_OVER_DAYS) {
    return ask({ about: 'next_year', day: new Date(dayStart(next, setting.timeZone)) })
  }
  return next
}

/** The dates that may be meant, the next one first. Without a year today's date may also be meant a year from now. */
function candidates(day: Day, today: Temporal.PlainDate): Temporal.PlainDate[] {
  if (day.kind === 'offset') return [today.add({ days: day.days })]
  if (day.month !== undefined && day.year !== undefined) {
    const exact = dateOf(day.year === 'next' ? today.year + 1 : day.year, day.month, day.day)
    return exact ? [exact] : []
  }
  const yearFromNow = today.add({ years: 1 })
  const found: Temporal.PlainDate[] = []
  // Eight years hold a 29 February in any case, twelve months any other day.
  const steps = day.month === undefined ? 12 : 9
  for (let step = 0; step < steps; step += 1) {
    const month = day.month === undefined ? today.toPlainYearMonth().add({ months: step }) : undefined
    const date = dateOf(month?.year ?? today.year + step, month?.month ?? day.month ?? 0, day.day)
    if (!date || Temporal.PlainDate.compare(date, today) < 0) continue
    if (found.length > 0 && (day.month === undefined || Temporal.PlainDate.compare(date, yearFromNow) > 0)) break
    found.push(date)
  }
  return found
}

function dateOf(year: number, month: number, day: number): Temporal.PlainDate | undefined {
  if (month < 1 || month > 12 || day < 1) return undefined
  const date = Temporal.PlainDate.from({ year, month, day }) // 30 February becomes the last of the month
  return date.day === day ? date : undefined
}

/** "Tuesday the tenth of November", said ten days later. */
function saidThisYear(day: Day, today: Temporal.PlainDate, weekday: Weekly): boolean {
  if (day.kind !== 'date' || day.month === undefined || day.year !== undefined) return false
  const date = dateOf(today.year, day.month, day.day)
  return date !== undefined && Temporal.PlainDate.compare(date, today) < 0 && weekdayOf(date) === weekday.name
}

function monday(date: Temporal.PlainDate): Temporal.PlainDate {
  return date.subtract({ days: date.dayOfWeek - 1 })
}

function readWeek(week: 'this' | 'next', weekday: Weekly | undefined, today: Temporal.PlainDate): Temporal.PlainDate | DayReading | When {
  const start = monday(today).add({ days: week === 'next' ? 7 : 0 })
  if (weekday) return weekday.which === 'bare' ? start.add({ days: weekdays.indexOf(weekday.name) }) : NOT_UNDERSTOOD
  return { kind: 'week', first: week === 'next' ? start : today, end: start.add({ days: 7 }) }
}

/** A bare weekday is the next one to come, never today. */
function readWeekday({ name, which }: Weekly, today: Temporal.PlainDate, setting: Setting): Temporal.PlainDate | When {
  const thisWeek = monday(today).add({ days: weekdays.indexOf(name) })
  const ahead = Temporal.PlainDate.compare(thisWeek, today)
  const nextWeek = thisWeek.add({ days: 7 })
  if (which === 'bare') return ahead > 0 ? thisWeek : nextWeek
  if (which === 'next' && ahead <= 0) return nextWeek
  if (which === 'this' && ahead > 0) return thisWeek
  const days = ahead < 0 ? [nextWeek, nextWeek.add({ days: 7 })] : [thisWeek, nextWeek]
  const [first = nextWeek, second = nextWeek] = days
  return { kind: 'ask', question: { about: 'which_week', days: midnights([first, second], setting) } }
}

/** The said weekday closest to the said date, from today on. */
function nearestWeekday({ name }: Weekly, date: Temporal.PlainDate, today: Temporal.PlainDate): Temporal.PlainDate {
  const distance = (weekdays.indexOf(name) - (date.dayOfWeek - 1) + 7) % 7
  const after = date.add({ days: distance })
  const before = after.subtract({ days: 7 })
  return distance > 3 && Temporal.PlainDate.compare(before, today) >= 0 ? before : after
}

/** Two days as their local midnights, the earlier first. */
function midnights([one, other]: [Temporal.PlainDate, Temporal.PlainDate], { timeZone }: Setting): [Date, Date] {
  const [first, second] = Temporal.PlainDate.compare(one, other) <= 0 ? [one, other] : [other, one]
  return [new Date(dayStart(first, timeZone)), new Date(dayStart(second, timeZone))]
}
