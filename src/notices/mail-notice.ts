import { findContact } from '../db/businesses.ts'
import { inTenant, type TenantDb } from '../db/client.ts'
import { type LeasedDelivery, markHanded } from '../db/notice-deliveries.ts'
import { findNoticeSettings } from '../db/notice-settings.ts'
import { findUser } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import type { JobData } from '../jobs/jobs.ts'
import { calendarPart } from './calendar-part.ts'
import { hasCalendarPart } from './customer.ts'
import { BookingData } from './data.ts'
import { deliver } from './deliver.ts'
import { sendMail } from './mail.ts'
import { addressIn, composed, type Parts } from './mail-message.ts'
import { customersMail, ownersMail } from './mail-texts.ts'
import type { Outcome } from './outcome.ts'

/**
 * A job: sends a notice by e-mail, once. Before its last byte goes out that is noted; from then on the mail server may have it, and when no
 * answer comes, or this process dies, it is not sent again but shown as unsure: two mails about one appointment make people doubt both. The
 * message would bear the same id, so whoever replays it does no harm where mailboxes look at ids.
 */
export async function mailNotice(deps: Deps, { clerkUserId, deliveryId }: JobData['mail-notice'], signal: AbortSignal): Promise<void> {
  const { db, config } = deps
  await deliver(deps, { clerkUserId, id: deliveryId, channel: 'email' }, async (delivery): Promise<Outcome> => {
    if (delivery.handedAt !== null) return { kind: 'unsure', error: 'died_while_sending' }
    const { mail } = config
    if (!mail) return { kind: 'put_off', error: 'mail_off' }
    const parts = await inTenant(db, clerkUserId, (trx) => partsOf(trx, delivery, mail.from, config.baseUrl))
    if ('kind' in parts) return parts
    const beforeEnd = () => inTenant(db, clerkUserId, (trx) => markHanded(trx, delivery))
    return sendMail(mail.url, new URL(config.baseUrl).hostname, await composed(parts), beforeEnd, signal)
  })
}

async function partsOf(trx: TenantDb, delivery: LeasedDelivery, from: string, baseUrl: string): Promise<Parts | Outcome> {
  const { id, happenedAt, recipient } = delivery
  const letter = recipient === 'customer' ? await toCustomer(trx, delivery, from, baseUrl) : await toOwner(trx, delivery)
  return 'kind' in letter ? letter : { ...letter, from, messageId: `${id}@${new URL(baseUrl).hostname}`, sentAt: happenedAt }
}

type Letter = Omit<Parts, 'from' | 'messageId' | 'sentAt'>

async function toOwner(trx: TenantDb, delivery: LeasedDelivery): Promise<Letter | Outcome> {
  const { clerkUserId } = delivery
  const { emailEnabled, emailAddress } = await findNoticeSettings(trx, clerkUserId)
  if (!emailEnabled) return { kind: 'dead', error: 'switched_off' }
  const to = emailAddress ?? (await findUser(trx, clerkUserId))?.email
  return to ? { ...ownersMail(delivery), to, replyTo: null, calendar: null } : { kind: 'dead', error: 'no_address' }
}

async function toCustomer(trx: TenantDb, delivery: LeasedDelivery, from: string, baseUrl: string): Promise<Letter | Outcome> {
  const { clerkUserId, kind, data, sequence, happenedAt } = delivery
  const { booking } = BookingData.parse(data)
  const to = booking.customer.email
  if (to === null) return { kind: 'dead', error: 'no_address' }
  const { name, email: replyTo } = await findContact(trx, clerkUserId)
  const method = kind === 'booking_cancelled' ? 'CANCEL' : 'REQUEST'
  const content = calendarPart({
    method,
    uid: `${booking.id}@${new URL(baseUrl).hostname}`,
    sequence,
    stampedAt: happenedAt,
    startsAt: new Date(booking.start_time),
    endsAt: new Date(booking.end_time),
    summary: booking.subject,
    location: booking.address,
    organizer: addressIn(from),
    attendee: to,
  })
  return { ...customersMail(delivery, name), to, replyTo, calendar: hasCalendarPart(kind) ? { method, content } : null }
}
