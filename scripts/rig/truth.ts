import { type Db, inTenant } from '../../src/db/client.ts'
import type { Interval } from '../../src/providers/provider.ts'
import type { LedgerEntry } from '../../test/world/stand-in.ts'
import type { World } from '../../test/world/world.ts'
import type { Owner } from './owner.ts'

/** What the database holds of an owner's appointments. */
export type Row = Awaited<ReturnType<typeof readRows>>[number]

export function readRows(db: Db, { clerkUserId }: Pick<Owner, 'clerkUserId'>) {
  return inTenant(db, clerkUserId, (trx) =>
    trx
      .selectFrom('bookings')
      .select(['id', 'appointmentId', 'vapiCallId', 'subject', 'status', 'failure', 'startsAt', 'endsAt', 'providerEventId'])
      .where('clerkUserId', '=', clerkUserId)
      .orderBy('createdAt')
      .execute(),
  )
}

function openChanges(db: Db, { clerkUserId }: Owner) {
  return inTenant(db, clerkUserId, (trx) =>
    trx
      .selectFrom('changes')
      .select(['kind', 'oldStartsAt as startsAt'])
      .where('clerkUserId', '=', clerkUserId)
      .where('state', '=', 'open')
      .execute(),
  )
}

const OCCUPYING = ['held', 'confirmed', 'completed', 'no_show']

/** @returns those that take time */
export function occupying(rows: Row[]): Row[] {
  return rows.filter(({ status }) => OCCUPYING.includes(status))
}

/**
 * Holds the database against the owner's calendar at the vendor and against what the vendor was asked.
 * @returns a sentence for each contradiction; none once everything is settled and right
 */
export async function contradictions(db: Db, world: World, owner: Owner): Promise<string[]> {
  const rows = await readRows(db, owner)
  const events = world[owner.vendor].events(owner.calendarEmail).filter(({ properties }) => properties.bookingId !== undefined)
  const live = events.filter(({ status }) => status !== 'cancelled')
  const problems = (await openChanges(db, owner)).map(
    ({ kind, startsAt }) => `a ${kind} of what was at ${startsAt.toISOString()} is still open`,
  )

  for (const row of rows) {
    if (row.status === 'held') problems.push(`"${row.subject}" at ${at(row)} is still held`)
    if (row.status !== 'confirmed') continue
    const own = live.filter(({ properties }) => properties.bookingId === row.id)
    if (own.length !== 1) problems.push(`"${row.subject}" at ${at(row)} is confirmed and has ${own.length} live events`)
    for (const event of own) if (at(event) !== at(row)) problems.push(`"${row.subject}" is at ${at(row)}, its event at ${at(event)}`)
  }
  for (const event of live) {
    const row = rows.find(({ id }) => id === event.properties.bookingId)
    if (row?.status !== 'confirmed')
      problems.push(`the event "${event.subject}" at ${at(event)} lives, its row is ${row?.status ?? 'lost'}`)
  }
  for (const { id, subject } of rows) {
    const made = events.filter(({ properties }) => properties.bookingId === id && properties.movedFrom === undefined).length
    if (made > 1) problems.push(`"${subject}" was made ${made} times at the vendor`)
  }
  problems.push(...overlaps('in the database', occupying(rows)), ...overlaps('in the calendar', live))
  if (accepted(world[owner.vendor].ledger, owner) > events.length) problems.push('the vendor accepted more events than it has')
  return problems
}

function overlaps(where: string, found: ({ subject: string } & Interval)[]): string[] {
  const sorted = found.toSorted((one, other) => one.startsAt.getTime() - other.startsAt.getTime())
  return sorted.flatMap((one, index) => {
    const next = sorted[index + 1]
    return next && next.startsAt < one.endsAt ? [`${where} "${one.subject}" at ${at(one)} overlaps "${next.subject}" at ${at(next)}`] : []
  })
}

/** Creates of events that the vendor carried out and said so. */
function accepted(ledger: LedgerEntry[], { calendarEmail }: Owner): number {
  const creates = ledger.filter(
    ({ account, method, path }) => account === calendarEmail && method === 'POST' && /\/(events|v2\/bookings)$/.test(path),
  )
  return creates.filter(({ status }) => status === 200 || status === 201).length
}

function at({ startsAt, endsAt }: Interval): string {
  return `${startsAt.toISOString().slice(5, 16)}–${endsAt.toISOString().slice(11, 16)}`
}
