import { detail } from '../one-line.ts'
import { BookingData } from './data.ts'
import { writtenTime } from './written-time.ts'

/** What a person reads. No word of a caller's stands in a subject. */
export interface MailText {
  subject: string
  paragraphs: string[]
}

type Notice = { kind: string; text: string; data: unknown }
type Words = (at: string) => string

const OWNER_SUBJECTS: Record<string, Words> = {
  booking_created: (at) => `New appointment: ${at}`,
  booking_moved: (at) => `Appointment moved: now ${at}`,
  booking_cancelled: (at) => `Appointment cancelled: ${at}`,
  booking_failed: (at) => `Appointment not entered: ${at}`,
  booking_conflict: (at) => `Two events at the same time: ${at}`,
  change_failed: (at) => `A caller could not change an appointment: ${at}`,
}
const OTHER_SUBJECTS: Record<string, string> = {
  message_left: 'A caller left you a message',
  calendar_disconnected: 'Please connect your calendar again',
}
const WHY_OWNER = 'You get this e-mail because notices by e-mail are switched on in your Ringbook settings.'
const WHY_CUSTOMER = 'You get this e-mail because this address was given for the appointment.'

/** To the owner: the words of the notice. */
export function ownersMail({ kind, text, data }: Notice): MailText {
  const ofAppointment = OWNER_SUBJECTS[kind]
  const subject = ofAppointment ? ofAppointment(timeOf(BookingData.parse(data))) : (OTHER_SUBJECTS[kind] ?? 'News of your calendar')
  return { subject, paragraphs: [text, WHY_OWNER] }
}

/** To the customer: what became of her appointment. She is told no words but her own and the owner's. @param business its name */
export function customersMail({ kind, data }: Notice, business: string): MailText {
  const told = BookingData.parse(data)
  const { booking, previous_start_time: before, wanted } = told
  const at = timeOf(told)
  // She may live in another zone than the business.
  const when = `${at} (${booking.time_zone})`
  const appointment = `appointment with ${detail(business)} (“${detail(booking.subject)}”)`
  const place = booking.address === null ? [] : [`Where: ${detail(booking.address, 200)}.`]
  const attached = 'The attached file puts it into your calendar.'
  switch (kind) {
    case 'booking_created':
      return said(`Your appointment: ${at}`, [`Your ${appointment} is booked for ${when}.`, ...place, attached])
    case 'booking_moved': {
      const from = before === undefined ? '' : ` from ${writtenTime(new Date(before), booking.time_zone)}`
      return said(`Your appointment was moved: now ${at}`, [`Your ${appointment} was moved${from} to ${when}.`, ...place, attached])
    }
    case 'booking_cancelled':
      return said(`Your appointment is cancelled: ${at}`, [`Your ${appointment} on ${when} is cancelled.`])
    case 'change_failed':
      return said(`Your appointment stands as it was: ${at}`, [
        `Your ${appointment} could not be ${wanted === 'cancel' ? 'cancelled' : 'moved'} as you asked. It stands as it was: ${when}.`,
        'Please call again if that does not suit you.',
      ])
    default:
      return said(`Your appointment could not be confirmed: ${at}`, [
        `Your ${appointment} on ${when} could not be confirmed, and the time is not kept any more.`,
        'We are sorry. Please call again for another time.',
      ])
  }
}

function said(subject: string, paragraphs: string[]): MailText {
  return { subject, paragraphs: [...paragraphs, WHY_CUSTOMER] }
}

function timeOf({ booking }: BookingData): string {
  return writtenTime(new Date(booking.start_time), booking.time_zone)
}
