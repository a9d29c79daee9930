import { AppError } from '../../errors.ts'
import type { Access, NewEvent } from '../provider.ts'
import type { Vendor } from './client.ts'
import { readMe } from './oauth.ts'

interface Attendee {
  name: string
  email?: string
  phoneNumber?: string
  timeZone: string
  language: 'en'
}

// Of a caller of whom neither name nor address is known.
const NAMELESS = 'Caller'

/**
 * Cal.com books for somebody: for the customer; of what the owner has put there for herself for its first guest, or for herself.
 * @throws AppError `contact_needed`: of a caller it wants an address or a number, and none is made up
 */
export async function attendeeOf(vendor: Vendor, access: Access, event: NewEvent): Promise<{ attendee: Attendee; guests?: string[] }> {
  const common = { timeZone: event.timeZone, language: 'en' } as const
  const [first, ...others] = event.attendees
  if (event.customer) {
    const { name, phone } = event.customer
    const email = event.customer.email ?? undefined
    if (email === undefined && phone === null) throw new AppError('contact_needed', 'calcom: neither an address nor a number')
    return {
      attendee: { name: name ?? email ?? NAMELESS, ...(email ? { email } : {}), ...(phone ? { phoneNumber: phone } : {}), ...common },
      ...invited(email === undefined ? event.attendees : others),
    }
  }
  if (first) return { attendee: { ...first, ...common }, ...invited(others) }
  const { name, email } = await readMe(vendor, access)
  return { attendee: { name: name ?? email, email, ...common } }
}

function invited(guests: NewEvent['attendees']): { guests?: string[] } {
  return guests.length > 0 ? { guests: guests.map(({ email }) => email) } : {}
}
