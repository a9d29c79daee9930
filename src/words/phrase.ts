import { readDay, readWeekday, type SaidDay } from './phrase-day.ts'
import { readHours, readNamedHours, type SaidHours } from './phrase-hours.ts'
import { readSpan, type SaidSpan } from './phrase-span.ts'
import { readTime, type Time } from './phrase-time.ts'
import { attempt, type Cursor, take, takeCardinal, takeOne, tokenize } from './tokens.ts'

/** What was said, not yet what it means on the calendar. */
export interface Phrase extends SaidDay {
  /** Several days. */
  span?: SaidSpan
  part?: SaidPart
  time?: Time
  /** Hours rather than one hour. */
  hours?: SaidHours
  /** 'In two hours': minutes from now. */
  wait?: number
  /** Said without saying which: 'any day but Monday'. */
  open?: true
  /** 'As soon as possible', 'any time': beside a day it says nothing. */
  soonest?: true
  /** After 'or'; what it leaves out is as in the first. */
  or?: Phrase
}

export type SaidPart = 'morning' | 'afternoon' | 'evening' | 'night'

/** Reads a whole phrase: days, times and parts of the day in any order, each once. `undefined`: a word was left over or said twice. */
export function readPhrase(text: string): Phrase | undefined {
  const tokens = tokenize(text)
  return tokens && readTokens(tokens)
}

/** As `readPhrase`, from tokens. */
export function readTokens(tokens: string[]): Phrase | undefined {
  const or = tokens.findIndex((token, index) => token === 'or' && !belongsToTime(tokens[index + 1]) && !countsDays(tokens, index))
  if (or < 0) return checked(readAlone(tokens))
  const [one, other] = [readAlone(tokens.slice(0, or)), readAlone(tokens.slice(or + 1))]
  if (!one || !other || isLoneNumber(one, other) || isLoneNumber(other, one)) return undefined
  const [first, second] = [checked(completed(one, other), isSure(other.time)), checked(completed(other, one, true), isSure(one.time))]
  return first && second && { ...first, or: second }
}

/** 'three or later', 'three or so'. */
function belongsToTime(word: string | undefined): boolean {
  return word !== undefined && ['later', 'after', 'thereafter', 'earlier', 'before', 'so', 'thereabouts', 'around'].includes(word)
}

/** 'in a day or two', 'in two or three weeks': days are counted, and 'or' does not part two phrases. */
function countsDays(tokens: string[], or: number): boolean {
  const [before = '', after = '', behind = ''] = [tokens[or - 1], tokens[or + 1], tokens[or + 2]]
  if (['day', 'week'].includes(before)) return ['two', '2'].includes(after)
  return ['days', 'weeks'].includes(behind) && takeCardinal({ tokens, at: or - 1 }) !== undefined
}

/** 'In a month or two', 'tomorrow or three': beside what says no hour, a number alone need not be one. */
function isLoneNumber(one: Phrase, other: Phrase): boolean {
  return Object.keys(one).length === 1 && one.time?.kind === 'half' && one.time.bare && !other.time && !other.hours
}

/**
 * 'two or three on Tuesday', 'Tuesday or Wednesday at two': both on Tuesday, both at two. What is said last holds for both, and what is said
 * first not for another day: of 'Tuesday afternoon or Wednesday' all Wednesday may be meant. A time alone is kept there, since both are asked about.
 */
function completed(phrase: Phrase, other: Phrase, isSecond = false): Phrase {
  const saysDay = (one: Phrase) => Boolean(one.day ?? one.weekday ?? one.span)
  const { day, weekday, span, part, time, hours } = other
  const days: Phrase = saysDay(phrase) ? {} : { ...(day && { day }), ...(weekday && { weekday }), ...(span && { span }) }
  const hour: Phrase = { ...(time && { time }), ...(hours && { hours }), ...(part && { part }) }
  const saysHour = phrase.time ?? phrase.hours ?? phrase.part
  if (!saysHour) return { ...phrase, ...days, ...(isSecond && saysDay(phrase) && !time ? {} : hour) }
  // 'Two or three in the afternoon', but not 'Monday at nine or Tuesday at three in the afternoon'.
  const isShared = phrase.time && time && part && !phrase.part && !(saysDay(phrase) && saysDay(other))
  return { ...phrase, ...days, ...(isShared ? { part } : {}) }
}

/** Not a lone number that could be something else. */
function isSure(time: Time | undefined): boolean {
  return time !== undefined && !(time.kind === 'half' && time.bare)
}

function readAlone(tokens: string[]): Phrase | undefined {
  const cursor: Cursor = { tokens, at: 0 }
  const phrase: Phrase = {}
  while (cursor.at < tokens.length) {
    const piece = readPiece(cursor)
    if (!piece || Object.keys(piece).some((key) => key in phrase && key !== 'soonest')) return undefined
    Object.assign(phrase, piece)
  }
  return tokens.length === 0 ? undefined : phrase
}

const soonest = [
  ...['any time', 'anytime', 'sometime', 'some time', 'whenever', 'any day', 'whichever day', 'as soon as possible', 'asap'],
  ...['as early as possible', 'the earliest', 'earliest', 'the soonest', 'soonest', 'the next available', 'next available'],
  ...['the first available', 'first available', 'the next opening', 'next opening', 'the earliest possible', 'soonest possible', 'soon'],
]

function readPiece(cursor: Cursor): Phrase | undefined {
  const open = readOpen(cursor)
  if (open) return open
  if (takeOne(cursor, soonest)) return { soonest: true }
  const span = readSpan(cursor)
  if (span) return { span }
  const named = readNamedHours(cursor)
  if (named) return { hours: named }
  const other = readWait(cursor) ?? readDay(cursor) ?? readTonight(cursor) ?? readWeekday(cursor) ?? readPart(cursor)
  if (other) return other
  const hours = readHours(cursor)
  if (hours) return { hours }
  const time = readTime(cursor)
  return time && { time }
}

/** A phrase whose pieces go together. @param timeSaid a time stands beside 'or': a lone number is one then, too */
function checked(phrase: Phrase | undefined, timeSaid = false): Phrase | undefined {
  if (!phrase) return undefined
  const { day, weekday, span, part, time, hours, wait } = phrase
  if (wait !== undefined && Object.keys(phrase).length > 1) return undefined
  if ((time && hours) || (span && day)) return undefined
  if (span && weekday && span.kind !== 'week') return undefined
  // "By Friday at five" ends on Friday at five: the hour belongs to the last day, or to each.
  if (span?.kind === 'between' && !(span.first && span.last) && (time || part)) return undefined
  if (hours?.kind === 'between' && hours.bare && !day && !span && !part) return undefined
  // "Tuesday 12" may be the twelfth: a lone number is a time only beside a part of the day, or a day that has no number.
  const counted = day?.kind === 'offset' && !weekday
  return isSure(time) || !time || part || counted || timeSaid ? phrase : undefined
}

const anyDays = ['any day', 'any other day', 'any time', 'any weekday', 'a weekday', 'weekdays', 'another day'] as const

/** 'any day but Monday', 'not Tuesday': what is left is for the caller to say. */
function readOpen(cursor: Cursor): Phrase | undefined {
  return attempt(cursor, () => {
    const any = takeOne(cursor, anyDays)
    const but = takeOne(cursor, ['but', 'except', 'except for', 'other than', 'not on', 'not'])
    if ((!any || any === 'any day' || any === 'any time') && !but) return undefined
    if (but && !readDay(cursor) && !readWeekday(cursor)) return undefined
    return { open: true }
  })
}

/** 'in two hours', 'in half an hour', 'an hour and a half from now'. */
function readWait(cursor: Cursor): Phrase | undefined {
  return attempt(cursor, () => {
    const ahead = take(cursor, 'in')
    const minutes = readDuration(cursor)
    return minutes !== undefined && (takeOne(cursor, ['from now', 'time']) || ahead) ? { wait: minutes } : undefined
  })
}

function readDuration(cursor: Cursor): number | undefined {
  if (takeOne(cursor, ['half an hour', 'a half hour', 'half hour'])) return 30
  if (takeOne(cursor, ['a quarter of an hour', 'quarter of an hour'])) return 15
  if (takeOne(cursor, ['three quarters of an hour'])) return 45
  const count = takeOne(cursor, ['an', 'a']) ? 1 : takeCardinal(cursor)
  if (!count) return undefined
  const half = take(cursor, 'and a half') ? 30 : 0
  const unit = takeOne(cursor, ['hours', 'hour', 'minutes', 'minute', 'mins', 'min'])
  if (!unit || (half && !unit.startsWith('hour'))) return undefined
  if (!unit.startsWith('hour')) return count
  return count * 60 + (half || (take(cursor, 'and a half') ? 30 : 0))
}

function readTonight(cursor: Cursor): Phrase | undefined {
  return take(cursor, 'tonight') ? { day: { kind: 'offset', days: 0 }, part: 'evening' } : undefined
}

const parts = ['morning', 'afternoon', 'evening', 'night'] as const

function readPart(cursor: Cursor): Phrase | undefined {
  return attempt(cursor, () => {
    const today = take(cursor, 'this')
    if (!today && take(cursor, 'at night')) return { part: 'night' }
    if (!today) {
      takeOne(cursor, ['in', 'during', 'on', 'any'])
      take(cursor, 'the')
    }
    const part = parts.find((name) => takeOne(cursor, [name, `${name}s`]))
    if (!part) return undefined
    attempt(cursor, () => (take(cursor, 'of') && readDateAhead(cursor) ? true : undefined))
    return today ? { part, day: { kind: 'offset', days: 0 } } : { part }
  })
}

/** 'the morning of' is followed by a date, which is read in its own turn. */
function readDateAhead(cursor: Cursor): boolean {
  return readDay({ ...cursor }) !== undefined || readWeekday({ ...cursor }) !== undefined
}
