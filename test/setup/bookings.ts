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
        .select(['id', 'appointmentId', 'status', 'failure', 'startsAt', 'endsAt', 'providerEventId', 'toTell', 'moves'])
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
    changes: () =>
      inTenant(deps.db, owner.clerkUserId, (trx) =>
        trx.selectFrom('changes').select(['kind', 'state', 'failure', 'bookingId', 'askedAt']).orderBy('createdAt').execute(),
      ),
    /** As if whoever worked on her bookings and their changes had died long ago: they are due to be taken up. */
    expireLeases: async () => {
      await inTenant(deps.db, owner.clerkUserId, async (trx) => {
        const leasedUntil = sql<Date>`now() - interval '1 second'`
        await trx.updateTable('bookings').set({ leasedUntil }).execute()
        await trx.updateTable('changes').set({ leasedUntil }).execute()
      })
      await bringJobsForward({ deps }, { of: owner.clerkUserId })
    },
    /** What is news to her: not what she did herself. */
    notices: () =>
      inTenant(deps.db, owner.clerkUserId, (trx) =>
        trx.selectFrom('notices').select(['kind', 'text']).where('madeBy', '=', 'caller').orderBy('createdAt').execute(),
      ),
    /** As if nobody works on her changes any more, and the moment of every job had come. */
    settleChanges: async () => {
      const leasedUntil = sql<Date>`now() - interval '1 second'`
      await inTenant(deps.db, owner.clerkUserId, (trx) => trx.updateTable('changes').set({ leasedUntil }).execute())
      await bringJobsForward({ deps }, { of: owner.clerkUserId })
      await runJobs({ deps })
    },
    /** As if her bookings had been made, and changes asked for, so long ago. */
    age: (minutes: number) =>
      inTenant(deps.db, owner.clerkUserId, async (trx) => {
        const createdAt = sql<Date>`created_at - ${minutes} * interval '1 minute'`
        await trx.updateTable('bookings').set({ createdAt }).execute()
        await trx.updateTable('changes').set({ createdAt }).execute()
        await trx
          .updateTable('bookings')
          .set({ toTellSince: sql<Date>`to_tell_since - ${minutes} * interval '1 minute'` })
          .where('toTell', 'is not', null)
          .execute()
      }),
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
