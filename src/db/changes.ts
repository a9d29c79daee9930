import { sql } from 'kysely'
import { untold } from './bookings.ts'
import type { Db, TenantDb } from './client.ts'
import { inMs } from './in-ms.ts'

/** A move or a cancel of an appointment, from the request to its end. */
export interface Change {
  clerkUserId: string
  id: string
  appointmentId: string
  /** The booking that it changes. */
  bookingId: string
  /** move | cancel */
  kind: string
  operationKey: string | null
  /** Digest of what was asked for. */
  wish: string
  /** open | done | failed */
  state: string
  /** One of our error codes, when failed. */
  failure: string | null
  oldStartsAt: Date
  oldEndsAt: Date
  /** Both `null` when it cancels. */
  newStartsAt: Date | null
  newEndsAt: Date | null
  vapiCallId: string | null
  /** caller | owner */
  madeBy: string
  /** The change that this one took back. */
  undoes: string | null
  /** When the vendor was first asked; `null`: it knows nothing of it. */
  askedAt: Date | null
  /** Counts who has worked on it: whoever comes later has a higher one. */
  leaseNumber: number
  createdAt: Date
  /** By the database's clock, when the row was read. */
  ageSeconds: number
}

export type NewChange = Omit<Change, 'id' | 'state' | 'failure' | 'askedAt' | 'leaseNumber' | 'createdAt' | 'ageSeconds'> & {
  leaseMs: number
}

const COLUMNS = [
  'clerkUserId',
  'id',
  'appointmentId',
  'bookingId',
  'kind',
  'operationKey',
  'wish',
  'state',
  'failure',
  'oldStartsAt',
  'oldEndsAt',
  'newStartsAt',
  'newEndsAt',
  'vapiCallId',
  'madeBy',
  'undoes',
  'askedAt',
  'leaseNumber',
  'createdAt',
] as const

const ageSeconds = sql<number>`extract(epoch from now() - created_at)::double precision`.as('ageSeconds')

function changesOf(trx: TenantDb, clerkUserId: string) {
  return trx
    .selectFrom('changes')
    .select([...COLUMNS, ageSeconds])
    .where('clerkUserId', '=', clerkUserId)
}

export function findChange(trx: TenantDb, clerkUserId: string, id: string): Promise<Change | undefined> {
  return changesOf(trx, clerkUserId).where('id', '=', id).executeTakeFirst()
}

/** The change that the same function call, or the same request by its key, made before. */
export async function findChangeByOperation(trx: TenantDb, clerkUserId: string, key: string | null): Promise<Change | undefined> {
  return key === null ? undefined : changesOf(trx, clerkUserId).where('operationKey', '=', key).executeTakeFirst()
}

/** The change of this appointment that is not at its end yet. */
export function findOpenChange(trx: TenantDb, clerkUserId: string, appointmentId: string): Promise<Change | undefined> {
  return changesOf(trx, clerkUserId).where('appointmentId', '=', appointmentId).where('state', '=', 'open').executeTakeFirst()
}

/** What a caller changed last in this call, as far as it came about or may yet. */
export function findLastChangeOfCall(trx: TenantDb, clerkUserId: string, vapiCallId: string): Promise<Change | undefined> {
  return changesOf(trx, clerkUserId)
    .where('vapiCallId', '=', vapiCallId)
    .where('madeBy', '=', 'caller')
    .where('state', 'in', ['open', 'done'])
    .orderBy('createdAt', 'desc')
    .limit(1)
    .executeTakeFirst()
}

/** What was done in this call to this appointment. */
export function listDoneInCall(trx: TenantDb, clerkUserId: string, vapiCallId: string, appointmentId: string): Promise<Change[]> {
  return changesOf(trx, clerkUserId)
    .where('vapiCallId', '=', vapiCallId)
    .where('appointmentId', '=', appointmentId)
    .where('madeBy', '=', 'caller')
    .where('state', '=', 'done')
    .execute()
}

/** All that was ever asked for of an appointment, latest first. */
export function listChanges(trx: TenantDb, clerkUserId: string, appointmentId: string): Promise<Change[]> {
  return changesOf(trx, clerkUserId).where('appointmentId', '=', appointmentId).orderBy('createdAt', 'desc').limit(100).execute()
}

/** Moves and cancels that were asked for in this call, earliest first. */
export function listChangesInCall(trx: TenantDb, clerkUserId: string, vapiCallId: string): Promise<Change[]> {
  return changesOf(trx, clerkUserId).where('vapiCallId', '=', vapiCallId).orderBy('createdAt').execute()
}

/**
 * From now on the booking is being changed: nobody writes its event any more by what he has read of it before.
 * @returns `undefined` when the same operation has been here, or another change of that appointment is open
 */
export async function openChange(trx: TenantDb, { leaseMs, ...row }: NewChange): Promise<Change | undefined> {
  await trx
    .updateTable('bookings')
    .set((eb) => ({ leaseNumber: eb('leaseNumber', '+', 1) }))
    .where('clerkUserId', '=', row.clerkUserId)
    .where('id', '=', row.bookingId)
    .execute()
  return trx
    .insertInto('changes')
    .values({ ...row, leasedUntil: inMs(leaseMs) })
    .onConflict((conflict) => conflict.doNothing())
    .returning([...COLUMNS, ageSeconds])
    .executeTakeFirst()
}

/**
 * From now on the vendor may have done it, whatever we hear. False when somebody else has taken it up or ended it: then it must not be
 * asked.
 */
export async function markChangeAsked(trx: TenantDb, change: Change): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('changes')
    .set({ askedAt: sql<Date>`coalesce(asked_at, now())` })
    .where('clerkUserId', '=', change.clerkUserId)
    .where('id', '=', change.id)
    .where('state', '=', 'open')
    .where('leaseNumber', '=', change.leaseNumber)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

/**
 * The vendor's event is at its new time: so is the booking, and what guarded that time goes. When the move was given up in the meantime, the
 * event is brought back later.
 * @param callKey by which the booking is known from now on when it is asked for again
 * @returns `before` when somebody else has completed it already
 */
export async function completeMove(
  trx: TenantDb,
  change: Change,
  { callKey, event }: { callKey: string | null; event: { id: string; link: string | null } },
): Promise<'now' | 'before' | 'given_up'> {
  await lockAppointment(trx, change)
  if (!(await endChange(trx, change, 'done'))) {
    if ((await findChange(trx, change.clerkUserId, change.id))?.state === 'done') return 'before'
    await markUntold(trx, change, 'update')
    return 'given_up'
  }
  await sql`
    with guard as (
      delete from bookings where clerk_user_id = ${change.clerkUserId} and moves = ${change.bookingId} returning starts_at, ends_at, during)
    update bookings b set starts_at = guard.starts_at, ends_at = guard.ends_at, during = guard.during, call_key = ${callKey},
      provider_event_id = ${event.id}, provider_event_link = ${event.link}, updated_at = now()
    from guard where b.clerk_user_id = ${change.clerkUserId} and b.id = ${change.bookingId}`.execute(trx)
  return 'now'
}

/** The appointment is off and its time free. @param tell whether the vendor is still to be told, once it answers */
export async function completeCancel(trx: TenantDb, change: Change, tell: boolean): Promise<void> {
  await lockAppointment(trx, change)
  await endChange(trx, change, 'done')
  await setCancelled(trx, change, tell)
}

/** The owner had deleted the event: whatever was to be done with it, the appointment is off. */
export async function endAsMissing(trx: TenantDb, change: Change): Promise<void> {
  await lockAppointment(trx, change)
  // Whoever ended it has dropped its guard: one that is there is another change's.
  if (!(await endChange(trx, change, change.kind === 'cancel' ? 'done' : 'failed', 'event_missing'))) return
  await dropGuard(trx, change)
  await setCancelled(trx, change, false)
}

/**
 * Nothing comes of it: the appointment stands as it did. When the vendor never heard of it, and it was not the time that was wrong, the same
 * operation may try afresh.
 * @param mayHaveHappened whether the vendor may have done it, or may yet: then its event is brought back once that can be seen
 * @returns `false` when somebody else has taken it up or ended it since: then nothing is changed
 */
export async function failChange(trx: TenantDb, change: Change, failure: string, mayHaveHappened: boolean): Promise<boolean> {
  await lockAppointment(trx, change)
  const { numUpdatedRows } = await trx
    .updateTable('changes')
    .set({
      state: 'failed',
      failure,
      operationKey: sql<
        string | null
      >`case when asked_at is null and ${failure} not in ('slot_taken', 'slot_not_offered') then null else operation_key end`,
      updatedAt: sql<Date>`now()`,
    })
    .where('clerkUserId', '=', change.clerkUserId)
    .where('id', '=', change.id)
    .where('state', '=', 'open')
    .where('leaseNumber', '=', change.leaseNumber)
    .executeTakeFirstOrThrow()
  if (numUpdatedRows === 0n) return false
  await dropGuard(trx, change)
  if (mayHaveHappened) await markUntold(trx, change, 'update')
  return true
}

/** Whoever ends a change takes the booking first, so that nobody waits for another the wrong way round. */
async function lockAppointment(trx: TenantDb, { clerkUserId, bookingId }: Change): Promise<void> {
  await trx.selectFrom('bookings').select('id').where('clerkUserId', '=', clerkUserId).where('id', '=', bookingId).forUpdate().execute()
}

async function endChange(trx: TenantDb, change: Change, state: 'done' | 'failed', failure: string | null = null): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('changes')
    .set({ state, failure: state === 'failed' ? failure : null, updatedAt: sql<Date>`now()` })
    .where('clerkUserId', '=', change.clerkUserId)
    .where('id', '=', change.id)
    .where('state', '=', 'open')
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

async function dropGuard(trx: TenantDb, { clerkUserId, bookingId }: Change): Promise<void> {
  await trx.deleteFrom('bookings').where('clerkUserId', '=', clerkUserId).where('moves', '=', bookingId).execute()
}

async function setCancelled(trx: TenantDb, { clerkUserId, bookingId }: Change, tell: boolean): Promise<void> {
  await trx
    .updateTable('bookings')
    .set({
      status: 'cancelled',
      cancelledAt: sql<Date>`now()`,
      ...(tell ? untold('cancel') : { toTell: null, toTellSince: null }),
      updatedAt: sql<Date>`now()`,
    })
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', bookingId)
    .where('status', 'in', ['held', 'confirmed'])
    .execute()
}

async function markUntold(trx: TenantDb, { clerkUserId, bookingId }: Change, toTell: 'update' | 'cancel'): Promise<void> {
  await trx
    .updateTable('bookings')
    .set(untold(toTell))
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', bookingId)
    .where('status', '=', 'confirmed')
    .execute()
}

/** The change, from now on ours; `undefined`: it is at its end, or somebody else has it yet. */
export function takeUpChange(trx: TenantDb, clerkUserId: string, id: string, leaseMs: number): Promise<Change | undefined> {
  return trx
    .updateTable('changes')
    .set((eb) => ({ leasedUntil: inMs(leaseMs), leaseNumber: eb('leaseNumber', '+', 1) }))
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .where('state', '=', 'open')
    .where('leasedUntil', '<=', sql<Date>`now()`)
    .returning([...COLUMNS, ageSeconds])
    .executeTakeFirst()
}

/** Nobody works on it any more. */
export async function releaseChange(trx: TenantDb, { clerkUserId, id, leaseNumber }: Change): Promise<void> {
  await trx
    .updateTable('changes')
    .set({ leasedUntil: sql<Date>`now()` })
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .where('leaseNumber', '=', leaseNumber)
    .execute()
}

/** Open changes of all tenants on which nobody has worked for `overdueMs`, and of which no job tells. */
export async function listUnsettledChanges(
  db: Db,
  { overdueMs, holdMinutes, atMost }: { overdueMs: number; holdMinutes: number; atMost: number },
): Promise<{ clerkUserId: string; id: string }[]> {
  const { rows } = await sql<{
    clerkUserId: string
    id: string
  }>`select * from changes_unsettled(${overdueMs}, ${holdMinutes}, ${atMost})`.execute(db)
  return rows
}
