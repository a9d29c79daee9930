import * as z from 'zod'

const booking = z.object({ clerkUserId: z.string(), bookingId: z.uuid() })

/**
 * Every kind of background job with the ids that it carries; `background.ts` says what each does. A job is a nudge to look at rows: it may come
 * twice, late, or when there is nothing to do any more. It never carries content, because its table is behind no tenant's lock.
 */
export const JOBS = {
  /** Brings a booking that stopped half-way to its end. */
  'settle-booking': booking,
  /** Brings a move or a cancel that stopped half-way to its end. */
  'settle-change': z.object({ clerkUserId: z.string(), changeId: z.uuid() }),
  /** Makes the vendor's event what the booking has come to be. */
  'tell-vendor': booking,
  /** Has somebody else put something into the calendar at the time that was just booked? */
  'look-for-conflict': booking,
  /** Holds the appointments of a connection against its calendar. */
  'follow-calendar': z.object({ clerkUserId: z.string(), connectionId: z.uuid() }),
  /** Finds calendars whose appointments nobody has looked at for a while. */
  'find-to-follow': z.object({}),
  /** Asks the vendor of a connection to push what changes there. */
  'open-channel': z.object({ clerkUserId: z.string(), connectionId: z.uuid() }),
  /** Finds connections whose vendor is to be asked to push. */
  'find-channels': z.object({}),
  /** Asks Vapi for the report of a call that did not come. */
  'fetch-report': z.object({ clerkUserId: z.string(), callId: z.uuid() }),
  /** Finds calls without a report of which no job tells. */
  'find-unreported': z.object({}),
  /** Finds calls of which nothing was ever heard. */
  'find-unheard': z.object({}),
  /** The same in the account at Vapi of a tenant with a key of her own. */
  'find-unheard-with-own-key': z.object({ clerkUserId: z.string() }),
  /** Sends a notice by e-mail. */
  'mail-notice': z.object({ clerkUserId: z.string(), deliveryId: z.uuid() }),
  /** Sends a notice to its owner's webhook. A kind of its own, so that silent webhooks take no places from e-mails. */
  'post-notice': z.object({ clerkUserId: z.string(), deliveryId: z.uuid() }),
  /** Finds deliveries of notices that no job tells of. */
  'find-undelivered': z.object({}),
  /** Finds bookings and changes that no job tells of. */
  'find-unsettled': z.object({}),
  /** Finds connections that are still being ended, and deleted users whose rows may go. */
  'find-deletions': z.object({}),
  'erase-user': z.object({ clerkUserId: z.string() }),
  /** Deletes at Vapi what nobody wants any more. */
  'remove-assistants': z.object({}),
  /** Brings to Vapi what is behind, and finds assistants that were altered there. */
  'look-after-assistants': z.object({}),
  /** Of rate limits whose time is over. */
  'drop-old-counters': z.object({}),
  /** Of Clerk's deliveries, kept to know them when they come twice. */
  'drop-old-events': z.object({}),
  /** Of calls that are over. */
  'drop-old-offers': z.object({}),
  /** Has the records of every tenant looked at. */
  'find-old-records': z.object({}),
  /** Drops what a tenant does not want to keep any longer. */
  'drop-old-records': z.object({ clerkUserId: z.string() }),
  /** Deletes at Vapi what was said in calls. */
  'forget-at-vapi': z.object({ clerkUserId: z.string() }),
  /** The same for a user who was deleted: nothing but this job knows of her calls any more. */
  'forget-calls': z.object({ vapiCallIds: z.array(z.string()), answeredBy: z.array(z.string()), since: z.iso.datetime() }),
}

export type JobName = keyof typeof JOBS
export type JobData = { [N in JobName]: z.infer<(typeof JOBS)[N]> }

export const jobNames = Object.keys(JOBS).filter((name): name is JobName => name in JOBS)
