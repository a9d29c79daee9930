import { sql } from 'kysely'
import type { TenantDb } from './client.ts'

/** An event as it stands in the chain. */
export interface ChainedEvent {
  id: string
  /** From 1, without gaps. */
  sequence: number
  /** When its transaction committed. */
  at: Date
  /** caller | owner | system | operator */
  actor: string
  vapiCallId: string | null
  action: string
  subjectKind: string
  subjectId: string
  details: Record<string, unknown>
}

export interface NewEvent {
  clerkUserId: string
  actor: string
  vapiCallId: string | null
  action: string
  subjectKind: string
  subjectId: string
  /** JSON. */
  details: string
}

/** Its place in the chain is given when the transaction commits. */
export async function appendEvent(trx: TenantDb, event: NewEvent): Promise<void> {
  await trx.insertInto('eventLog').values(event).execute()
}

// Years of them are more than one statement has time for.
const ERASED_AT_ONCE = 1000

/** All of them, of a user who is marked as deleted. */
export async function eraseEvents(trx: TenantDb, clerkUserId: string): Promise<void> {
  for (let gone = ERASED_AT_ONCE; gone >= ERASED_AT_ONCE; ) {
    const { rows } = await sql<{ gone: number }>`select event_log_erase(${clerkUserId}, ${ERASED_AT_ONCE}) as gone`.execute(trx)
    gone = rows[0]?.gone ?? 0
  }
}

/** Latest first. @param before a sequence; those that come before it */
export async function listEvents(
  trx: TenantDb,
  clerkUserId: string,
  {
    atMost,
    before,
    action,
    subjectId,
  }: { atMost: number; before: number | undefined; action: string | undefined; subjectId: string | undefined },
): Promise<ChainedEvent[]> {
  const { rows } = await sql<ChainedEvent>`
    select id, sequence, at, actor, vapi_call_id, action, subject_kind, subject_id, details from event_log
    where clerk_user_id = ${clerkUserId}
      and sequence < ${before ?? 2 ** 31 - 1}
      ${action === undefined ? sql`` : sql`and action = ${action}`}
      ${subjectId === undefined ? sql`` : sql`and subject_id = ${subjectId}`}
    order by sequence desc limit ${atMost}`.execute(trx)
  return rows
}

/** What came after, in its order, of what is done to these. */
export async function listEventsAfter(
  trx: TenantDb,
  clerkUserId: string,
  { after, subjectKinds, atMost }: { after: number; subjectKinds: readonly string[]; atMost: number },
): Promise<ChainedEvent[]> {
  const { rows } = await sql<ChainedEvent>`
    select id, sequence, at, actor, vapi_call_id, action, subject_kind, subject_id, details from event_log
    where clerk_user_id = ${clerkUserId} and sequence > ${after} and subject_kind in (${sql.join(subjectKinds)})
    order by sequence limit ${atMost}`.execute(trx)
  return rows
}

/** The place of the latest event; 0: there is none. */
export async function lastSequence(trx: TenantDb, clerkUserId: string): Promise<number> {
  const head = await trx.selectFrom('eventHeads').select('count').where('clerkUserId', '=', clerkUserId).executeTakeFirst()
  return head?.count ?? 0
}

/** How far a tenant's chain goes, and some of it. */
export interface ChainPage {
  /** `undefined`: the tenant has no head. */
  head: { count: number; hash: string } | undefined
  links: ChainLink[]
  /** Events that have no place in the chain. */
  loose: number
}

/** An event as its hash was computed: every field as text. */
export interface ChainLink {
  sequence: number
  fields: (string | null)[]
  hash: string | null
}

/** In one statement, so that events which are added meanwhile are either in all of it or in none. @param after a sequence */
export async function readChain(trx: TenantDb, clerkUserId: string, after: number, atMost: number): Promise<ChainPage> {
  const { rows } = await sql<ChainPage>`
    select
      (select json_build_object('count', h.count, 'hash', encode(h.hash, 'hex')) from event_heads h where h.clerk_user_id = ${clerkUserId})
        as head,
      (select count(*)::int from event_log e where e.clerk_user_id = ${clerkUserId} and e.sequence is null) as loose,
      coalesce((select json_agg(link order by link.sequence) from (
        select e.sequence, encode(e.hash, 'hex') as hash, array[
          e.clerk_user_id, e.sequence::text, e.id::text, to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.actor,
          e.vapi_call_id, e.action, e.subject_kind, e.subject_id, e.details::text] as fields
        from event_log e where e.clerk_user_id = ${clerkUserId} and e.sequence > ${after} order by e.sequence limit ${atMost}) link),
        '[]') as links`.execute(trx)
  const page = rows[0]
  return { head: page?.head ?? undefined, loose: page?.loose ?? 0, links: page?.links ?? [] }
}
