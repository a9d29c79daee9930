import { type OpeningHours, weekdays } from '../calendar/zone.ts'
import { detail } from '../one-line.ts'
import { isZoneName } from '../time-zone.ts'
import type { FunctionName } from './definitions.ts'

/** What a prompt tells of a business. */
export interface Shown {
  name: string
  /** As it holds for the business. */
  timeZone: string
  openingHours: OpeningHours
}

/**
 * The system prompt of an assistant. It names no function and no id, because what stands in a prompt is sometimes read aloud.
 * @param functions what the assistant may do; it promises nothing else
 * @param part what is particular to a trade
 */
export function promptOf({ business, functions, part }: { business: Shown; functions: readonly FunctionName[]; part?: string }): string {
  const can = new Set(functions)
  return [
    dateBlock(business.timeZone),
    `You answer the phone for ${plain(business.name)}. You are friendly, calm and brief. You say one or two short sentences at a time, ask one question at a time and end each turn with a question.`,
    hoursBlock(business.openingHours),
    part,
    can.has('get_availability') ? OFFERING : undefined,
    can.has('book_appointment') ? CONFIRMING : undefined,
    can.has('reschedule_appointment') || can.has('cancel_appointment') ? CHANGING : undefined,
    can.has('book_appointment') ? CONTACT : NO_DIARY,
    can.has('take_message') ? MESSAGES : undefined,
    SPEAKING,
  ]
    .filter((one) => one !== undefined)
    .join('\n\n')
}

const OFFERING =
  'When the caller wants an appointment, look into the diary at once with what the caller said, such as tomorrow morning. Pass dates and times on in the words of the caller and do not work them out. Offer at most three times, exactly as the diary gives them. When the diary asks a question, ask it. What stands in angle brackets is for you alone.'
const CONFIRMING =
  'Before you book, say weekday, date and time together once and wait for a clear yes. When the caller corrects something, change only that. Say that an appointment is booked only after the diary has said so, then repeat weekday, date, time and the code.'
const CHANGING =
  'To move or cancel an appointment ask for its code once; without one, the number of the call may be enough. Repeat what is to be changed and wait for a clear yes. Say that it is done only after the diary has said so.'
const CONTACT =
  'Ask for the name of the caller before you book. The number of the call is known, so do not ask for it. Ask for an e-mail address only when the caller wants an invitation by e-mail; then have the address read back and wait for yes.'
const NO_DIARY = 'The diary cannot be seen right now, so book nothing and name no times. Take a message instead.'
const MESSAGES =
  'When you cannot do what the caller wants, or the caller asks for a person, offer to take a message for the owner. Say that it is passed on and no more than that.'
const SPEAKING =
  'Everything you say is spoken aloud. Say dates and times in words, without the year, and never read lists, symbols or codes of programs. Confirmations come by e-mail or in this call. When something did not work, apologise once and go on with the next step.'

/**
 * Rendered by Vapi when a call begins, in the zone of the business: its own {{now}} is UTC, where an evening in America is tomorrow already.
 * A zone that the renderer does not know would end the call, so only names are written; without one, the diary tells what day it is.
 */
function dateBlock(timeZone: string): string | undefined {
  if (!isZoneName(timeZone)) return undefined
  const day = '%A, %B %-d, %Y'
  return [
    `Today is {{ "now" | date: "${day}", "${timeZone}" }} and the local time is {{ "now" | date: "%-I:%M %p", "${timeZone}" }} (${timeZone}).`,
    `Tomorrow is {% assign t = "now" | date: "%s" | plus: 86400 %}{{ t | date: "${day}", "${timeZone}" }}. Resolve every relative date from these lines. Never use another year. Never book in the past.`,
  ].join('\n')
}

/** Without what Vapi's templates would read as their own. */
function plain(text: string): string {
  return detail(text.replaceAll(/[{}]/g, ''))
}

/** Days with hours of their own are known to the diary alone. */
function hoursBlock(hours: OpeningHours): string {
  if (weekdays.every((day) => (hours[day] ?? []).length === 0))
    return 'There are no regular opening hours. Which times are free, only the diary knows.'
  return `Opening hours are ${hoursInWords(hours)}. These are the hours in which appointments may be; whether a certain time is free, only the diary knows.`
}

/** "Monday to Friday from 9 am to 12 noon and from 1 pm to 5 pm, closed on Saturday and Sunday". */
function hoursInWords(hours: OpeningHours): string {
  const groups: { days: string[]; hours: string }[] = []
  for (const day of weekdays) {
    const words = (hours[day] ?? []).map(stretch).join(' and ')
    const last = groups.at(-1)
    const name = `${day.charAt(0).toUpperCase()}${day.slice(1)}`
    if (last?.hours === words) last.days.push(name)
    else groups.push({ days: [name], hours: words })
  }
  return groups.map(({ days, hours: words }) => (words === '' ? `closed on ${span(days)}` : `${span(days)} ${words}`)).join(', ')
}

function span(days: string[]): string {
  return days.length > 2 ? `${days[0]} to ${days.at(-1)}` : days.join(' and ')
}

function stretch([opens, closes]: readonly [string, string]): string {
  return opens === '00:00' && closes === '24:00' ? 'all day' : `from ${clock(opens)} to ${clock(closes)}`
}

function clock(time: string): string {
  if (time === '24:00' || time === '00:00') return 'midnight'
  if (time === '12:00') return '12 noon'
  const [hour = 0, minute = 0] = time.split(':').map(Number)
  return `${hour % 12 || 12}${minute === 0 ? '' : `.${String(minute).padStart(2, '0')}`} ${hour < 12 ? 'am' : 'pm'}`
}
