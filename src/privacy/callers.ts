import { randomUUID } from 'node:crypto'
import { logEvent, owner } from '../audit/log.ts'
import { diaryOf } from '../calendar/access.ts'
import { cancelAsOwner } from '../changes/change-as-owner.ts'
import { type Contact, eraseTraces, findTraces, isOnTheLine, listToCome, readLeads, readTraces, type Traces } from '../db/callers.ts'
import { inTenant, type TenantDb } from '../db/client.ts'
import { deadline } from '../deadline.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { writtenNumber } from '../line-number.ts'
import { forgetAtVapiLater } from './retention.ts'

// A call of which nothing was heard for so long is over, whatever its last message said.
const ON_THE_LINE_MS = 15 * 60_000

/** Who a caller is, as the owner writes it: the number in any notation, that of her own country without its code. */
export interface Named {
  phone: string | undefined
  email: string | undefined
}

/** All that is stored of a caller. The event log knows that it was asked for, and not of whom. */
export async function exportCaller(deps: Deps, clerkUserId: string, named: Named) {
  const contact = await contactOf(deps, clerkUserId, named)
  return inTenant(deps.db, clerkUserId, async (trx) => {
    const traces = await findTraces(trx, clerkUserId, contact)
    const stored = await readTraces(trx, clerkUserId, traces)
    const { contacts } = await readLeads(trx, clerkUserId, traces, contact)
    const details = Object.fromEntries(Object.entries(stored).map(([name, rows]) => [name, rows.length]))
    await logEvent(trx, { clerkUserId, actor: owner, action: 'caller.exported', subject: { kind: 'caller', id: randomUUID() }, details })
    return { contact, stored, otherContacts: contacts }
  })
}

/**
 * Takes a caller out of everything that is stored, for good: her messages and what she said go, her appointments stay as times without a
 * person. What was said in her calls is deleted at Vapi as well, by a job. What the owner's own calendar says of her is the owner's, and is
 * told.
 * @param cancel whether appointments to come are cancelled first, and the customer is told so by the vendor
 * @throws AppError `caller_has_appointments`, `caller_on_the_line`, and what cancelling throws: what was cancelled by then stays cancelled,
 * and nothing is erased
 */
export async function eraseCaller(deps: Deps, clerkUserId: string, named: Named, cancel: boolean) {
  const contact = await contactOf(deps, clerkUserId, named)
  if (cancel) await cancelToCome(deps, clerkUserId, contact)
  const now = deps.clock.now()
  return inTenant(deps.db, clerkUserId, async (trx) => {
    const traces = await findTraces(trx, clerkUserId, contact)
    await refuseOnTheLine(trx, clerkUserId, traces, now)
    const toCome = await listToCome(trx, clerkUserId, traces, now)
    if (toCome.length > 0) throw new AppError('caller_has_appointments', `${toCome.length} to come`)
    const leads = await readLeads(trx, clerkUserId, traces, contact)
    const erased = await eraseTraces(trx, clerkUserId, contact, traces)
    const erasureId = randomUUID()
    await logEvent(trx, { clerkUserId, actor: owner, action: 'caller.erased', subject: { kind: 'caller', id: erasureId }, details: erased })
    await forgetAtVapiLater(deps, trx, clerkUserId)
    return { erasureId, erased, ...leads }
  })
}

async function refuseOnTheLine(trx: TenantDb, clerkUserId: string, traces: Traces, now: Date): Promise<void> {
  if (await isOnTheLine(trx, clerkUserId, traces, new Date(now.getTime() - ON_THE_LINE_MS)))
    throw new AppError('caller_on_the_line', 'a call of hers is under way')
}

async function cancelToCome(deps: Deps, clerkUserId: string, contact: Contact): Promise<void> {
  const now = deps.clock.now()
  const toCome = await inTenant(deps.db, clerkUserId, async (trx) => {
    const traces = await findTraces(trx, clerkUserId, contact)
    await refuseOnTheLine(trx, clerkUserId, traces, now)
    return listToCome(trx, clerkUserId, traces, now)
  })
  for (const appointmentId of toCome)
    await cancelAsOwner(deps, await diaryOf(deps, clerkUserId), { appointmentId, idempotencyKey: null }, deadline(deps))
}

/** @throws AppError `bad_phone` */
async function contactOf(deps: Deps, clerkUserId: string, { phone, email }: Named): Promise<Contact> {
  const { region } = await diaryOf(deps, clerkUserId)
  const number = phone === undefined ? null : writtenNumber(phone, region)
  if (phone !== undefined && number === null) throw new AppError('bad_phone', 'not a phone number')
  return { phone: number, email: email?.toLowerCase() ?? null }
}
