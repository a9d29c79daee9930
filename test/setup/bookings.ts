import { sql } from 'kysely'
import { work } from '../../src/background.ts'
import { settleBooking } from '../../src/bookings/settle.ts'
import { findBooking } from '../../src/db/bookings.ts'
import { inTenant } from '../../src/db/client.ts'
import type { ConnectedOwner, TestApp } from './app.ts'
import { bringJobsForward, runJobs } from './jobs.ts'

/** The three places that must agree after a fault: our database, the vendor's calendar, and what the vendor was asked. */
export function watch({ deps, world }: Pick<TestApp, 'deps' | 'world'>, owner: ConnectedOwner) {
  const standIn = world[owner.vendor]
  const rows = () =>
    inTenant(deps.db, owner.clerkUserId, (trx) =>
      trx
        .selectFrom('bookings')
        .select(['id', 'status', 'failure', 'startsAt', 'endsAt', 'providerEventId'])
        .orderBy('createdAt')
        .execute(),
    )
  return {
    standIn,
    rows,
    statuses: async () => (await rows()).map((row) => row.status),
    live: () => standIn.events(owner.calendarEmail).filter((event) => event.status !== 'cancelled'),
    /** Requests for an event, answered or not. */
    creates: () => standIn.ledger.filter((entry) => entry.method === 'POST' && entry.path.endsWith('/events')).length,
    /** As if whoever worked on her bookings had died long ago: they are due to be taken up. */
    expireLeases: async () => {
      await inTenant(deps.db, owner.clerkUserId, (trx) =>
        trx.updateTable('bookings').set({ leasedUntil: sql<Date>`now() - interval '1 second'` }).execute(),
      )
      await bringJobsForward({ deps }, { of: owner.clerkUserId })
    },
    notices: () =>
      inTenant(deps.db, owner.clerkUserId, (trx) => trx.selectFrom('notices').select(['kind', 'text']).orderBy('createdAt').execute()),
    /** As if her bookings had been made so long ago. */
    age: (minutes: number) =>
      inTenant(deps.db, owner.clerkUserId, (trx) =>
        trx
          .updateTable('bookings')
          .set({ createdAt: sql<Date>`created_at - ${minutes} * interval '1 minute'` })
          .execute(),
      ),
  }
}

/** Does all background work that is due. @returns how many bookings were taken up in it */
export async function settle(test: Pick<TestApp, 'deps'>): Promise<number> {
  let taken = 0
  await runJobs(test, {
    ...work,
    'settle-booking': async (deps, job, signal) => {
      const booking = await inTenant(deps.db, job.clerkUserId, (trx) => findBooking(trx, job.clerkUserId, job.bookingId))
      if (booking?.status === 'held') taken += 1
      await settleBooking(deps, job, signal)
    },
  })
  return taken
}
