import { lookAfterAssistants } from './agents/look-after.ts'
import { sweepAssistants } from './assistants/remove.ts'
import { lookForConflict } from './bookings/conflict.ts'
import { findUnsettled, settleBooking } from './bookings/settle.ts'
import { tellVendor } from './bookings/tell-vendor.ts'
import { findToFollow, followCalendar } from './calendar/follow-calendar.ts'
import { fetchReport } from './calls/fetch-report.ts'
import { findUnheard, findUnheardWithOwnKey } from './calls/find-unheard.ts'
import { findUnreported } from './calls/find-unreported.ts'
import { settleChange } from './changes/settle-change.ts'
import { dropOldOffers } from './db/call-offers.ts'
import { dropOldEvents } from './db/clerk-events.ts'
import { dropOldHits } from './db/rate-limits.ts'
import type { Deps } from './deps.ts'
import type { JobName } from './jobs/jobs.ts'
import { startWorker, type Work, type Worker } from './jobs/worker.ts'
import { findUndelivered } from './notices/deliver.ts'
import { mailNotice } from './notices/mail-notice.ts'
import { postNotice } from './notices/post-notice.ts'
import { findChannels, openChannel } from './oauth/channels.ts'
import { forgetCalls } from './privacy/forget-calls.ts'
import { dropOldRecords, findOldRecords, forgetAtVapi } from './privacy/retention.ts'
import { eraseDeleted, findDeletions } from './users/delete.ts'

// Longer than any call.
const OFFERS_KEPT_HOURS = 6

/** What each kind of job does: all that is done without being asked for. */
export const work: Work = {
  'settle-booking': settleBooking,
  'settle-change': settleChange,
  'tell-vendor': tellVendor,
  'look-for-conflict': lookForConflict,
  'follow-calendar': followCalendar,
  'find-to-follow': findToFollow,
  'open-channel': openChannel,
  'find-channels': findChannels,
  'fetch-report': fetchReport,
  'find-unreported': findUnreported,
  'find-unheard': (deps, _, signal) => findUnheard(deps, signal),
  'find-unheard-with-own-key': findUnheardWithOwnKey,
  'mail-notice': mailNotice,
  'post-notice': postNotice,
  'find-undelivered': findUndelivered,
  'find-unsettled': findUnsettled,
  'find-deletions': (deps, _, signal) => findDeletions(deps, signal),
  'erase-user': eraseDeleted,
  'remove-assistants': (deps, _, signal) => sweepAssistants(deps, signal),
  'look-after-assistants': (deps, _, signal) => lookAfterAssistants(deps, signal),
  'drop-old-counters': ({ db }) => dropOldHits(db),
  'drop-old-events': ({ db }) => dropOldEvents(db),
  'drop-old-offers': ({ db }) => dropOldOffers(db, OFFERS_KEPT_HOURS),
  'find-old-records': (deps, _, signal) => findOldRecords(deps, signal),
  'drop-old-records': dropOldRecords,
  'forget-at-vapi': forgetAtVapi,
  'forget-calls': forgetCalls,
}

/** What is done again and again: once in so many seconds, however many processes there are. */
const schedule: [name: JobName, everySeconds: number][] = [
  ['find-unsettled', 15],
  ['find-to-follow', 60],
  // Soon after an account was connected, whichever way.
  ['find-channels', 15],
  ['find-unreported', 60],
  ['find-unheard', 5 * 60],
  ['find-undelivered', 15],
  // Often enough that a deleted user's rows are gone within a minute, whatever her calendar's vendor does.
  ['find-deletions', 10],
  ['remove-assistants', 30],
  ['look-after-assistants', 30],
  ['drop-old-counters', 60],
  ['drop-old-events', 60 * 60],
  ['drop-old-offers', 60 * 60],
  ['find-old-records', 6 * 60 * 60],
]

export function startBackground(deps: Deps): Promise<Worker> {
  return startWorker(deps, work, schedule)
}
