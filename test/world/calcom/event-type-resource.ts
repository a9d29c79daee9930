import { refuse } from './errors.ts'
import type { Account, EventType, Site } from './site.ts'

/** What a test or the sandbox gives a host to offer; what it does not name is as Cal.com has it from the start. */
export type NewEventType = Pick<EventType, 'title' | 'slug' | 'minutes'> & Partial<Omit<EventType, 'id' | 'title' | 'slug' | 'minutes'>>

export function newEventType(id: number, given: NewEventType): EventType {
  return {
    id,
    lengths: [],
    slotInterval: null,
    minimumBookingNotice: 0,
    buffers: { before: 0, after: 0 },
    windowDays: null,
    hidden: false,
    confirmation: false,
    seats: null,
    recurring: false,
    price: 0,
    emailVerification: false,
    emailRequired: true,
    requiredField: null,
    ...given,
  }
}

/** `EventTypeOutput_2024_06_14`. What does not hold is said as `{ disabled: true }`. */
export function eventTypeResource(site: Site, { id: ownerId, username, person }: Account, eventType: EventType) {
  const { id, title, slug, minutes, lengths, seats, windowDays, recurring } = eventType
  return {
    id,
    ownerId,
    title,
    slug,
    description: '',
    lengthInMinutes: minutes,
    ...(lengths.length > 0 ? { lengthInMinutesOptions: lengths } : {}),
    locations: [{ type: 'integration', integration: 'cal-video' }],
    bookingFields: bookingFields(eventType),
    slotInterval: eventType.slotInterval,
    minimumBookingNotice: eventType.minimumBookingNotice,
    beforeEventBuffer: eventType.buffers.before,
    afterEventBuffer: eventType.buffers.after,
    ...(windowDays === null ? {} : { bookingWindow: [{ type: 'calendarDays', value: windowDays, rolling: false }] }),
    recurrence: recurring ? { interval: 1, occurrences: 12, frequency: 'weekly' } : null,
    confirmationPolicy: eventType.confirmation ? { type: 'always', blockUnconfirmedBookingsInBooker: true } : { disabled: true },
    seats: seats === null ? { disabled: true } : { seatsPerTimeSlot: seats, showAttendeeInfo: false, showAvailabilityCount: true },
    seatsPerTimeSlot: seats,
    price: eventType.price,
    currency: 'usd',
    requiresBookerEmailVerification: eventType.emailVerification,
    hidden: eventType.hidden,
    bookingRequiresAuthentication: false,
    disableGuests: false,
    metadata: {},
    lockTimeZoneToggleOnBookingPage: false,
    forwardParamsSuccessRedirect: null,
    successRedirectUrl: null,
    isInstantEvent: false,
    scheduleId: null,
    users: [person.name],
    bookingUrl: `${site.url()}/${username}/${slug}`,
  }
}

function bookingFields({ emailRequired, requiredField }: EventType) {
  const field = (type: string, slug: string, label: string, required: boolean, isDefault = true) => ({
    type,
    slug,
    label,
    required,
    isDefault,
    placeholder: '',
    hidden: false,
  })
  return [
    field('name', 'name', 'your_name', true),
    field('email', 'email', 'email_address', emailRequired),
    ...(emailRequired ? [] : [field('phone', 'attendeePhoneNumber', 'phone_number', true, false)]),
    field('textarea', 'notes', 'additional_notes', false),
    ...(requiredField === null ? [] : [field('text', requiredField, requiredField, true, false)]),
  ]
}

/** What a guest leaves out, and the event type insists on. */
export function checkAnswers(
  { emailRequired, requiredField }: EventType,
  attendee: { email?: string | undefined; phoneNumber?: string | undefined },
  responses: Record<string, unknown>,
): void {
  if (emailRequired && attendee.email === undefined) throw refuse(400, 'responses - {email}email_validation_error')
  if (!emailRequired && attendee.phoneNumber === undefined) throw refuse(400, 'responses - {attendeePhoneNumber}error_required_field')
  if (requiredField !== null && responses[requiredField] === undefined) {
    const why = 'it is required by the event type booking fields, but missing in the bookingFieldsResponses.'
    throw refuse(400, `Missing required booking field response: ${requiredField} - ${why}`)
  }
}
