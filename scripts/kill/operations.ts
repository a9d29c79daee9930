import type { Time } from '../rig/week.ts'

/** What was heard of an operation. */
export type Heard =
  /** It is so, and stays so. */
  | 'done'
  /** Not confirmed yet, but it is held: it will be done in the end. */
  | 'pending'
  /** Nobody can tell right now. */
  | 'unsure'
  /** No, because the time is taken. */
  | 'refused'
  /** No, for another reason: nothing has happened. */
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
  method: 'POST' | 'PATCH' | 'DELETE'
  /** @param appointmentId of the appointment that is to be changed, once there is one */
  path(appointmentId: string): string
  body(ask: Ask): object | undefined
  hear(status: number, code: string): Heard
}

export type Operation = (Spoken | Written) & {
  /** Where the appointment is once it was done. */
  leads(ask: Ask): Place
}

// A scheduler does not say why it does not offer a time.
const TAKEN = /\btaken\b|cannot book that time/

const place = ({ time }: Ask) => time.startsAt.toISOString()
const nowhere = () => 'none'
const times = ({ time }: Ask) => ({ start_time: time.startsAt.toISOString(), end_time: time.endsAt.toISOString() })

/** Everything that is asked of the service while it is killed. */
export const operations = {
  book: {
    by: 'caller',
    name: 'book_appointment',
    parameters: ({ time, mark }) => ({ start_time: time.written, duration: time.minutes, title: mark, attendee_name: 'Kim Lee' }),
    hear: (answer) => hear(answer, /\bbooked for\b/, TAKEN),
    leads: place,
  },
  // In the call in which it was booked, nobody has to prove that it is hers.
  move: {
    by: 'caller',
    name: 'reschedule_appointment',
    parameters: ({ time }) => ({ start_time: time.written, duration: time.minutes }),
    hear: (answer) => hear(answer, /\b(is now on|stands on)\b/, TAKEN),
    leads: place,
  },
  cancel: {
    by: 'caller',
    name: 'cancel_appointment',
    parameters: () => ({}),
    hear: (answer) => hear(answer, /\bis cancelled\b/),
    leads: nowhere,
  },
  keep: {
    by: 'caller',
    name: 'keep_appointment',
    parameters: () => ({}),
    hear: (answer) => hear(answer, /\b(you keep|stands on)\b/i, TAKEN),
    leads: place,
  },
  bookAsOwner: {
    by: 'owner',
    method: 'POST',
    path: () => '/calendar/events',
    body: (ask) => ({ subject: ask.mark, ...times(ask) }),
    hear: hearStatus,
    leads: place,
  },
  moveAsOwner: {
    by: 'owner',
    method: 'PATCH',
    path: (appointmentId) => `/bookings/${appointmentId}`,
    body: times,
    hear: hearStatus,
    leads: place,
  },
  cancelAsOwner: {
    by: 'owner',
    method: 'DELETE',
    path: (appointmentId) => `/bookings/${appointmentId}`,
    body: () => undefined,
    hear: hearStatus,
    leads: nowhere,
  },
} satisfies Record<string, Operation>

export type OperationName = keyof typeof operations

const UNSURE = /do not know yet|cannot (see|reach) the diary|does not answer|went wrong|in a minute/

/** @param no what is heard when the time is taken; whatever else is no yes is `failed` */
function hear(answer: string, yes: RegExp, no?: RegExp): Heard {
  if (answer.startsWith('result ')) return yes.test(answer) ? 'done' : 'failed'
  if (UNSURE.test(answer)) return 'unsure'
  if (/not confirmed/.test(answer)) return 'pending'
  return no?.test(answer) ? 'refused' : 'failed'
}

function hearStatus(status: number, code: string): Heard {
  if (status < 300) return 'done'
  if (code.endsWith('_held')) return 'pending'
  // Nothing was done, and the time is not what stood in the way.
  if (code === 'change_under_way' || code === 'not_yet_confirmed') return 'failed'
  if (status >= 500) return 'unsure'
  return status === 409 ? 'refused' : 'failed'
}
