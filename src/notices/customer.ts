import type { NoticeKind } from '../db/notices.ts'

const OF_AN_EVENT: readonly NoticeKind[] = ['booking_created', 'booking_moved', 'booking_cancelled']
const OF_A_PROMISE: readonly NoticeKind[] = ['booking_failed', 'change_failed']

/**
 * Does the customer, whose e-mail address is known, get a mail of ours? Most vendors invite her to the event themselves, and tell her of
 * its changes, so a second message would only confuse. She hears from us
 * - of the event itself, where its vendor invites nobody: with a calendar part;
 * - that what she was asked to wait for on the phone has come to nothing: no vendor has anything to tell there.
 */
export function isToldByUs(kind: NoticeKind, vendorInvites: boolean): boolean {
  return OF_A_PROMISE.includes(kind) || (OF_AN_EVENT.includes(kind) && !vendorInvites)
}

/** Is there something for her calendar in it? */
export function hasCalendarPart(kind: string): boolean {
  return OF_AN_EVENT.some((one) => one === kind)
}
