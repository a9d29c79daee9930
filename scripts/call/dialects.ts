import { inZone } from '../../src/calendar/zone.ts'
import type { Setting } from '../../src/words/meaning.ts'
import { readWhen } from '../../src/words/when.ts'
import type { FunctionCall } from './assistant.ts'

/**
 * The functions of a requirement document in place of ours: its names, its arguments, and times as its example has them, which is the clock
 * on the wall with a Z behind it that nobody means.
 */
type Dialect = (call: FunctionCall, at: Setting) => FunctionCall

/** Who calls in the documents. */
export const DOCUMENTS_CALLER = '+15551234567'

const VIEWING = { property_address: '12 Elm Street', user_id: DOCUMENTS_CALLER }
const HOUR = { duration: '60' }

const dialects: Record<string, Dialect> = {
  S0: ({ name, arguments: values }, at) =>
    name === 'book_appointment'
      ? { name: 'set_appointment', arguments: { ...VIEWING, ...values, start_time: `${written(values.start_time, at)}Z` } }
      : { name: 'get_availability', arguments: { ...VIEWING, ...values } },
  S1: ({ name, arguments: values }, at) =>
    name === 'book_appointment'
      ? {
          name: 'createBooking',
          arguments: {
            name: values.attendee_name ?? '',
            ...(values.attendee_email ? { email: values.attendee_email } : {}),
            dateTime: `${written(values.start_time, at)}.000Z`,
          },
        }
      : {
          name: 'checkAvailability',
          arguments: { ...(values.date ? { date: day(values.date, at) } : {}), ...part(values.date ?? values.part_of_day) },
        },
  S4: ({ name, arguments: values }, at) => {
    if (name === 'get_next_available') return { name, arguments: HOUR }
    if (name === 'get_availability')
      return {
        name: 'find_available_times',
        arguments: { start_date: day(values.date, at).replace(/^\d{4}-\d\d-\d\d$/, '$&T09:00:00Z'), ...HOUR },
      }
    const attendee = values.attendee_email ? { attendee_email: values.attendee_email } : {}
    const title = `Product demo with ${values.attendee_name}`
    return { name: 'schedule_meeting', arguments: { title, start_time: `${written(values.start_time, at)}Z`, ...HOUR, ...attendee } }
  },
}

const DIRECTION = /^\(The assistant knows the functions of (S\d)\.\)$/

/** In a script: which document's functions the assistant has, e.g. "(The assistant knows the functions of S1.)" */
export function documentIn(line: string): string | undefined {
  return DIRECTION.exec(line)?.[1]
}

/** Looking and booking as the document has it; what it does not have stays as it is. */
export function inWordsOf(document: string | undefined, call: FunctionCall, at: Setting): FunctionCall {
  const dialect = document === undefined ? undefined : dialects[document]
  const isShared = ['get_availability', 'get_next_available', 'book_appointment'].includes(call.name)
  return dialect && isShared ? dialect(call, at) : call
}

/** "Tuesday the first of December at two in the afternoon" → 2026-12-01T14:00:00. */
function written(words: string | undefined, at: Setting): string {
  const when = readWhen(words ?? '', at)
  return when.kind === 'instant' ? local(when.startsAt, at).toString({ smallestUnit: 'second' }) : (words ?? '')
}

/** "Tuesday afternoon" → 2026-12-01. */
function day(words: string | undefined, at: Setting): string {
  const when = readWhen(words ?? 'today', at)
  if (when.kind !== 'instant' && when.kind !== 'days') return words ?? ''
  return local(when.kind === 'instant' ? when.startsAt : when.range.startsAt, at)
    .toPlainDate()
    .toString()
}

function part(words: string | undefined): { timePreference?: string } {
  const [timePreference] = /morning|afternoon|evening/.exec(words ?? '') ?? []
  return timePreference ? { timePreference } : {}
}

function local(instant: Date, { timeZone }: Setting): Temporal.PlainDateTime {
  return inZone(instant, timeZone).toPlainDateTime()
}
