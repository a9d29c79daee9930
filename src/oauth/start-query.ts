import * as z from 'zod'
import { VENDORS, type Vendor } from '../vendors.ts'
import { ROLES } from './choice.ts'

export const Role = z.enum(ROLES)

/** What whoever begins to connect may ask for. @param general are these the routes of no vendor in particular? */
export function startQuery(provider: Vendor, general: boolean) {
  return z.object({
    redirect_url: z.string().max(300).optional().describe('Origin of the page to return to; default: the frontend'),
    role: Role.default('destination').describe(
      'destination: bookings go to it, in place of the one before. busy: adds it, its busy times count',
    ),
    provider: z.enum(general ? VENDORS : [provider]).default(provider),
  })
}
