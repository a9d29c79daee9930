import { z } from 'zod'
import type { StoredEvent } from '../people.ts'
import { instantOf } from '../zones.ts'
import { parse } from './access.ts'
import { refuse } from './errors.ts'
import { ianaOf } from './zones.ts'

const Moment = z.strictObject({ dateTime: z.string(), timeZone: z.string().nullish() })
/** MAPI type, the set's GUID, then name or number; or a type and a tag. */
const PROPERTY_ID = /^(String|Integer|Boolean|Double|SystemTime) (\{[0-9a-fA-F-]{36}\} (Name .+|Id 0x[0-9a-fA-F]+)|0x[0-9a-fA-F]{1,8})$/

const fields = {
  subject: z.string().max(255).nullish(),
  body: z.strictObject({ contentType: z.enum(['text', 'html', 'Text', 'HTML']).optional(), content: z.string() }).nullish(),
  start: Moment,
  end: Moment,
  location: z.strictObject({ displayName: z.string().nullish() }).nullish(),
  attendees: z
    .array(
      z.strictObject({
        emailAddress: z.strictObject({ address: z.email(), name: z.string().nullish() }),
        type: z.enum(['required', 'optional', 'resource']).optional(),
      }),
    )
    .nullish(),
  showAs: z.enum(['free', 'tentative', 'busy', 'oof', 'workingElsewhere']).nullish(),
  isAllDay: z.boolean().nullish(),
  singleValueExtendedProperties: z.array(z.strictObject({ id: z.string().regex(PROPERTY_ID), value: z.string() })).nullish(),
}

/** Kept as sent and given back. */
const kept = {
  isReminderOn: z.boolean().nullish(),
  reminderMinutesBeforeStart: z.int().nullish(),
  importance: z.enum(['low', 'normal', 'high']).nullish(),
  sensitivity: z.enum(['normal', 'personal', 'private', 'confidential']).nullish(),
  categories: z.array(z.string()).nullish(),
  allowNewTimeProposals: z.boolean().nullish(),
  responseRequested: z.boolean().nullish(),
  hideAttendees: z.boolean().nullish(),
}

export const NewResource = z.strictObject({ ...fields, ...kept, transactionId: z.string().nullish() })
/** `transactionId` is set once, on creation. */
export const Changes = z.strictObject({ ...fields, ...kept }).partial()

/** Puts what was sent into `event`; what was not sent stays. Whoever attends is invited: there is no switch. */
export function apply(sent: z.infer<typeof Changes>, event: StoredEvent): void {
  if (sent.subject !== undefined) event.subject = sent.subject ?? ''
  if (sent.body !== undefined) {
    event.description = sent.body?.content ?? ''
    event.html = null
  }
  if (sent.location !== undefined) event.location = sent.location?.displayName ?? ''
  if (sent.showAs) event.showAs = sent.showAs
  if (sent.attendees !== undefined) {
    event.attendees = (sent.attendees ?? []).map(({ emailAddress: { address, name } }) => ({ email: address, name: name ?? '' }))
    event.invitationsSent ||= event.attendees.length > 0
  }
  for (const { id, value } of sent.singleValueExtendedProperties ?? []) event.properties = { ...event.properties, [id]: value }
  for (const [name, value] of Object.entries(sent)) if (name in kept) event.extras = { ...event.extras, [name]: value }
  // A matter of whole days stays one until it is said that it is none.
  if (sent.start && sent.end) Object.assign(event, times(sent.start, sent.end, sent.isAllDay ?? 'allDay' in event.time))
  else if (sent.start || sent.end || sent.isAllDay) throw refuse(400, 'ErrorInvalidRequest', 'Send start and end together.')
}

function times(start: z.infer<typeof Moment>, end: z.infer<typeof Moment>, isAllDay: boolean): Pick<StoredEvent, 'time' | 'timeZone'> {
  const [startsAt, endsAt] = [moment(start), moment(end)]
  if (endsAt < startsAt) throw refuse(400, 'ErrorCalendarEndDateIsEarlierThanStartDate', 'End date is earlier than start date.')
  const timeZone = start.timeZone ?? 'UTC'
  if (!isAllDay) return { time: { startsAt, endsAt }, timeZone }
  const [from, fromTime] = start.dateTime.split('T')
  const [to, toTime] = end.dateTime.split('T')
  const midnight = (time: string | undefined) => time === undefined || /^00:00(:00(\.0+)?)?Z?$/.test(time)
  if (!from || !to || !midnight(fromTime) || !midnight(toTime) || from >= to)
    throw refuse(400, 'ErrorInvalidRequest', 'An all-day event begins and ends at midnight and lasts at least a day.')
  return { time: { allDay: { from, to } }, timeZone }
}

/** A local time and its zone; without a zone it means UTC. `Z` is taken where it says nothing new. */
function moment({ dateTime, timeZone }: z.infer<typeof Moment>): Date {
  const zone = ianaOf(timeZone ?? 'UTC')
  if (zone === undefined) throw refuse(400, 'TimeZoneNotSupportedException', `A valid TimeZone value must be specified: ${timeZone}`)
  const local = zone === 'UTC' ? dateTime.replace(/Z$/, '') : dateTime
  const Local = z.string().regex(/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,7})?)?)?$/, 'a date and time without an offset')
  try {
    return instantOf(parse(Local, local, 'ErrorPropertyValidationFailure'), zone)
  } catch (error) {
    // 25:00 and the 31st of February have the right form.
    throw error instanceof RangeError ? refuse(400, 'ErrorPropertyValidationFailure', `${dateTime} is no time`) : error
  }
}
