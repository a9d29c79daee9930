import { sql } from 'kysely'
import type { TenantDb } from './client.ts'

/** By what a caller can be told from others: E.164, and an address in lower case; at least one. */
export interface Contact {
  phone: string | null
  email: string | null
}

/** Which rows are about a caller. */
export interface Traces {
  appointmentIds: string[]
  messageIds: string[]
  /** As `callIdOf` knows them, also of calls that are not on record. */
  vapiCallIds: string[]
}

/**
 * Everything that leads back to this caller: what has her number or her address on it, the calls in which that was done, and what was booked
 * or left in those. A call in which her appointment was only moved or cancelled counts, but not what else was done in it: whoever called may
 * have been somebody else.
 */
export async function findTraces(trx: TenantDb, clerkUserId: string, { phone, email }: Contact): Promise<Traces> {
  const { rows } = await sql<Traces>`
    with named_bookings as (
      select b.appointment_id, b.booked_by, b.vapi_call_id from bookings b
      where b.clerk_user_id = ${clerkUserId} and (b.customer_phone = ${phone} or b.caller_number = ${phone} or lower(b.customer_email) = ${email}
        or exists (select from jsonb_array_elements(b.guests) guest where lower(guest->>'email') = ${email}))),
    named_messages as (
      select m.id, m.vapi_call_id from caller_messages m
      where m.clerk_user_id = ${clerkUserId} and (m.phone = ${phone} or m.call_number = ${phone} or lower(m.email) = ${email})),
    own_calls as (
      select c.vapi_call_id from calls c where c.clerk_user_id = ${clerkUserId} and c.customer_number = ${phone}
      union select vapi_call_id from named_bookings where booked_by = 'caller'
      union select vapi_call_id from named_messages),
    all_bookings as (
      select appointment_id from named_bookings
      union select b.appointment_id from bookings b join own_calls o using (vapi_call_id)
        where b.clerk_user_id = ${clerkUserId} and b.booked_by = 'caller')
    select
      array(select appointment_id from all_bookings) as appointment_ids,
      array(select id from named_messages
        union select m.id from caller_messages m join own_calls o using (vapi_call_id) where m.clerk_user_id = ${clerkUserId}) as message_ids,
      array(select vapi_call_id from own_calls where vapi_call_id is not null
        union select c.vapi_call_id from changes c join all_bookings using (appointment_id)
          where c.clerk_user_id = ${clerkUserId} and c.made_by = 'caller' and c.vapi_call_id is not null) as vapi_call_ids`.execute(trx)
  return rows[0] ?? { appointmentIds: [], messageIds: [], vapiCallIds: [] }
}

/** Those that are still to take place. */
export async function listToCome(trx: TenantDb, clerkUserId: string, { appointmentIds }: Traces, now: Date): Promise<string[]> {
  if (appointmentIds.length === 0) return []
  const found = await trx
    .selectFrom('bookings')
    .select('appointmentId')
    .distinct()
    .where('clerkUserId', '=', clerkUserId)
    .where('appointmentId', 'in', appointmentIds)
    .where('status', 'in', ['held', 'confirmed'])
    .where('moves', 'is', null)
    .where('endsAt', '>', now)
    .execute()
  return found.map((row) => row.appointmentId)
}

/** Is one of these calls under way, as far as was heard since then? */
export async function isOnTheLine(trx: TenantDb, clerkUserId: string, { vapiCallIds }: Traces, heardSince: Date): Promise<boolean> {
  if (vapiCallIds.length === 0) return false
  const found = await trx
    .selectFrom('calls')
    .select('id')
    .where('clerkUserId', '=', clerkUserId)
    .where('vapiCallId', 'in', vapiCallIds)
    .where('status', '<>', 'ended')
    .where('lastHeardAt', '>', heardSince)
    .limit(1)
    .executeTakeFirst()
  return found !== undefined
}

/** What may name the same person besides what was asked for, and where her appointments stand in calendars. */
export async function readLeads(trx: TenantDb, clerkUserId: string, { appointmentIds, messageIds, vapiCallIds }: Traces, asked: Contact) {
  const { rows } = await sql<{ contacts: string[]; events: { link: string; startTime: string }[] }>`
    select
      array(
        select contact from (
          select unnest(array[customer_phone, caller_number, lower(customer_email)]) as contact from bookings
            where clerk_user_id = ${clerkUserId} and appointment_id = any (${appointmentIds}) and booked_by = 'caller'
          union select unnest(array[phone, call_number, lower(email)]) from caller_messages
            where clerk_user_id = ${clerkUserId} and id = any (${messageIds})
          union select customer_number from calls where clerk_user_id = ${clerkUserId} and vapi_call_id = any (${vapiCallIds})) found
        where contact is distinct from ${asked.phone} and contact is distinct from ${asked.email} and contact is not null
        order by contact) as contacts,
      coalesce((
        select json_agg(json_build_object('link', provider_event_link,
          'startTime', to_char(starts_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by starts_at)
        from bookings where clerk_user_id = ${clerkUserId} and appointment_id = any (${appointmentIds})
          and status in ('confirmed', 'completed', 'no_show') and provider_event_link is not null), '[]') as events`.execute(trx)
  return rows[0] ?? { contacts: [], events: [] }
}

type StoredKind = 'bookings' | 'changes' | 'messages' | 'notices' | 'calls' | 'function_calls'
type StoredRow = Record<string, unknown>

/** All that is stored of a caller, with the names that the REST API has for it. */
export async function readTraces(trx: TenantDb, clerkUserId: string, traces: Traces): Promise<Record<StoredKind, StoredRow[]>> {
  const { appointmentIds, messageIds, vapiCallIds } = traces
  const shown = sql.raw(`regexp_replace(vapi_call_id, '^unproven:', '') as call_id`)
  const all = async (from: ReturnType<typeof sql>) => {
    const found = await sql<{ list: StoredRow[] }>`select coalesce(json_agg(found), '[]') as list from (${from}) found`.execute(trx)
    return found.rows[0]?.list ?? []
  }
  return {
    bookings: await all(sql`
      select appointment_id as id, status, subject, address as property_address, notes, customer_name, customer_email, customer_phone,
        caller_number, guests, starts_at as start_time, ends_at as end_time, time_zone as timezone, booked_by, ${shown}, created_at, cancelled_at
      from bookings where clerk_user_id = ${clerkUserId} and appointment_id = any (${appointmentIds}) and moves is null order by created_at`),
    changes: await all(sql`
      select id, appointment_id as booking_id, kind, state, made_by, old_starts_at as old_start_time, new_starts_at as new_start_time, ${shown},
        created_at
      from changes where clerk_user_id = ${clerkUserId} and appointment_id = any (${appointmentIds}) order by created_at`),
    messages: await all(sql`
      select id, status, caller_name, call_number, phone, email, words as message, wished_time, address as property_address, ${shown},
        created_at
      from caller_messages where clerk_user_id = ${clerkUserId} and id = any (${messageIds}) order by created_at`),
    notices: await all(sql`
      select id, kind, text, data, booking_id, message_id, read_at, created_at,
        coalesce((select json_agg(json_build_object('channel', d.channel, 'recipient', d.recipient, 'state', d.state, 'sent_at', d.sent_at)
          order by d.created_at) from notice_deliveries d where d.clerk_user_id = n.clerk_user_id and d.notice_id = n.id), '[]') as deliveries
      from notices n where clerk_user_id = ${clerkUserId} and (booking_id = any (${appointmentIds}) or message_id = any (${messageIds}))
      order by created_at`),
    calls: await all(sql`
      select id, ${shown}, direction, customer_number, customer_name, dialled_number, status, started_at, ended_at, ended_reason, summary,
        intent, sentiment, success, structured_data, has_recording, metadata,
        coalesce((select json_agg(json_build_object('role', t.role, 'text', t.text, 'said_at', t.said_at) order by t.sequence)
          from call_transcripts t where t.clerk_user_id = c.clerk_user_id and t.call_id = c.id), '[]') as transcript
      from calls c where clerk_user_id = ${clerkUserId} and vapi_call_id = any (${vapiCallIds}) order by created_at`),
    function_calls: await all(sql`
      select id, ${shown}, function, answer, outcome, failure as failure_code, called_at
      from tool_calls where clerk_user_id = ${clerkUserId} and vapi_call_id = any (${vapiCallIds}) order by called_at`),
  }
}

/** What a function call of a caller who was erased, or one of long ago, is told when it is delivered again. */
export const SETTLED_ANSWER = 'That is settled already. Is there anything else I can do for you?'

/**
 * Takes the person out of everything that leads back to her. What is needed to count, to keep accounts and to know a delivery again stays
 * without her. @returns how many of each
 */
export async function eraseTraces(trx: TenantDb, clerkUserId: string, { phone, email }: Contact, traces: Traces) {
  const { appointmentIds, messageIds, vapiCallIds } = traces
  const count = async (query: ReturnType<typeof sql>) => Number((await query.execute(trx)).numAffectedRows ?? 0)
  // Who was only a guest leaves an appointment that is somebody else's.
  const isHers = sql`(booked_by = 'caller' or customer_phone = ${phone} or lower(customer_email) = ${email})`
  return {
    notices: await count(sql`
      delete from notices where clerk_user_id = ${clerkUserId} and (booking_id = any (${appointmentIds}) or message_id = any (${messageIds}))`),
    messages: await count(sql`delete from caller_messages where clerk_user_id = ${clerkUserId} and id = any (${messageIds})`),
    bookings: await count(sql`
      update bookings set
        subject = case when ${isHers} then 'Appointment' else subject end,
        address = case when ${isHers} then null else address end,
        notes = case when ${isHers} then null else notes end,
        customer_name = case when ${isHers} then null else customer_name end,
        customer_email = case when ${isHers} then null else customer_email end,
        customer_phone = case when ${isHers} then null else customer_phone end,
        caller_number = null,
        guests = (select coalesce(jsonb_agg(guest), '[]') from jsonb_array_elements(guests) guest
          where lower(guest->>'email') is distinct from ${email}),
        updated_at = now()
      where clerk_user_id = ${clerkUserId} and appointment_id = any (${appointmentIds})`),
    functionCalls: await count(sql`
      update tool_calls set answer = ${SETTLED_ANSWER} where clerk_user_id = ${clerkUserId} and vapi_call_id = any (${vapiCallIds})`),
    transcripts: await count(sql`
      delete from call_transcripts t using calls c
      where c.clerk_user_id = ${clerkUserId} and c.vapi_call_id = any (${vapiCallIds}) and t.clerk_user_id = c.clerk_user_id and t.call_id = c.id`),
    offers: await count(sql`delete from call_offers where clerk_user_id = ${clerkUserId} and vapi_call_id = any (${vapiCallIds})`),
    // Their trigger takes out all that is about a person.
    calls: await count(sql`
      update calls set erased_at = now(), vapi_data = case when vapi_data = 'forgotten' then vapi_data else 'to_forget' end, updated_at = now()
      where clerk_user_id = ${clerkUserId} and vapi_call_id = any (${vapiCallIds})`),
  }
}
