import { sql } from 'kysely'
import { inTenant } from '../../src/db/client.ts'
import type { Told } from '../../src/notices/tell.ts'
import type { Owner, TestApp } from './app.ts'
import { bringJobsForward, runJobs } from './jobs.ts'

type Test = Pick<TestApp, 'deps' | 'app'>

/** An appointment on Tuesday the first of December, as notices tell of it; it need not stand anywhere. */
export function appointmentOf({ clerkUserId }: Owner, more: Partial<Told> = {}): Told {
  const id = crypto.randomUUID()
  const customer = { customerName: 'Ana Ruiz', customerPhone: '+13125550142', customerEmail: null }
  const time = { startsAt: new Date('2026-12-01T15:00:00Z'), endsAt: new Date('2026-12-01T15:30:00Z'), timeZone: 'America/Chicago' }
  const made = { clerkUserId, id, appointmentId: id, connectionId: null, bookedBy: 'caller' }
  return { ...made, subject: 'Viewing', address: null, ...customer, ...time, ...more }
}

/** As if so much time had passed for what is to be sent, and whoever had it in hand had died. Then all that is due is done. */
export async function later(test: Test, { clerkUserId }: Owner, seconds: number): Promise<void> {
  const ago = sql<Date>`now() - ${seconds} * interval '1 second'`
  await inTenant(test.deps.db, clerkUserId, (trx) =>
    trx
      .updateTable('noticeDeliveries')
      .set((eb) => ({
        leasedUntil: ago,
        nextAttemptAt: sql<Date>`${eb.ref('nextAttemptAt')} - ${seconds} * interval '1 second'`,
        dueSince: sql<Date>`${eb.ref('dueSince')} - ${seconds} * interval '1 second'`,
      }))
      .execute(),
  )
  await bringJobsForward(test, { seconds, of: clerkUserId })
  await runJobs(test)
}

/** What became of what was to be sent, oldest first. */
export async function deliveriesOf({ app }: Pick<TestApp, 'app'>, owner: Owner, query: Record<string, string> = {}) {
  const reply = await app.inject({ url: '/notices/deliveries', headers: owner.headers(), query })
  const { deliveries } = reply.json()
  return deliveries.toReversed()
}
