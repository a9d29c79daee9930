import type { Time } from '../rig/week.ts'

/** What was heard of an operation. */
export type Heard =
  /** It is so, and stays so. */
  | 'done'
  /** Not known yet; it will be done in the end. */
  | 'pending'
  /** No, and it stays no. */
  | 'refused'
  /** Not now: nothing has happened, and the same may be asked again. */
  | 'failed'

/** Where an appointment stands: the start of its time, or that there is none. */
export type Place = string | 'none'

/** What is asked for, and of whom. */
export interface Ask {
  time: Time
  /** Names the appointment in the database and in the calendar. */
  mark: string
}

/** A function call by voice. */
interface Spoken {
  by: 'caller'
  name: string
  parameters(ask: Ask): Record<string, unknown>
  /** @param answer with `result` or `error` before the words */
  hear(answer: string): Heard
}

/** A request of the signed-in owner. */
interface Written {
  by: 'owner'
  method: string
  path: string
  body(ask: Ask): object
  hear(status: number, code: string): Heard
}

export type Operation = (Spoken | Written) & {
  /** Where the appointment is once it was done. */
  leads(ask: Ask): Place
}

const place = ({ time }: Ask) => time.startsAt.toISOString()

/** Everything that is asked of the service while it is killed. */
export const operations = {
  book: {
    by: 'caller',
    name: 'book_appointment',
    parameters: ({ time, mark }) => ({ start_time: time.written, duration: time.minutes, title: mark, attendee_name: 'Kim Lee' }),
    hear: (answer) => hearBooking(answer),
    leads: place,
  },
  bookAsOwner: {
    by: 'owner',
    method: 'POST',
    path: '/calendar/events',
    body: ({ time, mark }) => ({ subject: mark, start_time: time.startsAt.toISOString(), end_time: time.endsAt.toISOString() }),
    hear: (status, code) => hearStatus(status, code),
    leads: place,
  },
} satisfies Record<string, Operation>

export type OperationName = keyof typeof operations

function hearBooking(answer: string): Heard {
  if (/^result .*\bbooked for\b/.test(answer)) return 'done'
  if (/^error .*(holding|not confirmed yet|do not know yet)/.test(answer)) return 'pending'
  return /^error .*\btaken\b/.test(answer) ? 'refused' : 'failed'
}

function hearStatus(status: number, code: string): Heard {
  if (status < 300) return 'done'
  if (code.endsWith('_held')) return 'pending'
  return status === 409 ? 'refused' : 'failed'
}
