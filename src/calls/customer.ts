import { listAppointmentsWith } from '../db/appointments.ts'
import type { Booking } from '../db/bookings.ts'
import { type ListedCall, listCalls } from '../db/call-lists.ts'
import { type CallerMessage, listMessagesFrom } from '../db/caller-messages.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'

// Nobody reads further back on one page; `/calls?customer_number=` has all.
const MOST = 100

/** What is known of one who called, by her number. */
export interface Customer {
  number: string
  /** As it was said last. */
  name: string | null
  calls: ListedCall[]
  bookings: Booking[]
  messages: CallerMessage[]
}

/** Everything that was done with this number, latest first. @param number E.164 @throws AppError `not_found` when that is nothing */
export async function customerByNumber({ db }: Pick<Deps, 'db'>, clerkUserId: string, number: string): Promise<Customer> {
  const found = await inTenant(db, clerkUserId, async (trx) => ({
    calls: await listCalls(trx, clerkUserId, { customerNumber: number, limit: MOST }),
    bookings: await listAppointmentsWith(trx, clerkUserId, number, MOST),
    messages: await listMessagesFrom(trx, clerkUserId, number, MOST),
  }))
  const { calls, bookings, messages } = found
  if (calls.length + bookings.length + messages.length === 0) throw new AppError('not_found', 'a number of which nothing is known')
  const names = [
    ...bookings.map(({ createdAt, customerName }) => ({ at: createdAt, name: customerName })),
    ...messages.map(({ createdAt, callerName }) => ({ at: createdAt, name: callerName })),
    ...calls.map(({ beganAt, customerName }) => ({ at: beganAt, name: customerName })),
  ]
  const [latest] = names.filter(({ name }) => name !== null).sort((a, b) => b.at.getTime() - a.at.getTime())
  return { number, name: latest?.name ?? null, ...found }
}
