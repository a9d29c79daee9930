import * as z from 'zod'
import type { World } from '../../test/world/world.ts'
import { makeOwner } from '../rig/owner.ts'

/** The demo tenant, and all that somebody needs to call her assistant and to look into her calendar. */
export const Demo = z.object({
  baseUrl: z.string(),
  /** A sign-in token of the owner, good for a day. */
  token: z.string(),
  assistantId: z.string(),
  /** Of the assistant's webhook. */
  secret: z.string(),
  metricsToken: z.string(),
  timeZone: z.string(),
  calendar: z.object({ email: z.string(), url: z.string(), token: z.string() }),
  /** Of her account at Cal.com, which is not connected. */
  calcomKey: z.string(),
})
export type Demo = z.infer<typeof Demo>

const OWNER = { name: 'Dana Reyes', email: 'dana@example.com', calendarEmail: 'dana.viewings@gmail.example', timeZone: 'America/Chicago' }

/** What a caller may ask for, beside an advert that is not published yet. */
const RENTALS = [
  {
    property_address: '12 Elm Street, Austin, TX',
    price: 1850,
    bedrooms: 2,
    bathrooms: 1.5,
    square_feet: 900,
    description: 'Corner unit with a balcony.',
    contact_info: 'dana@example.com',
  },
  { property_address: '8 Oak Avenue, Austin, TX', price: 1250, bedrooms: 1, bathrooms: 1, website: 'example-rentals.com' },
  { property_address: '3 Pine Road, Round Rock, TX', price: 2400, bedrooms: 3, bathrooms: 2, published: false },
]

/** An owner with a connected Google calendar that is partly taken, an assistant, and rentals that she advertises. */
export async function seedDemo(baseUrl: string, world: World): Promise<Demo> {
  const { google, microsoft, calcom, settings } = world
  const { token, assistantId, secret, request } = await makeOwner(baseUrl, world, 'google', OWNER)
  // Whoever connects another calendar by hand finds an account on the vendor's page.
  for (const vendor of [microsoft, calcom]) vendor.addPerson({ name: OWNER.name, email: OWNER.email, timeZone: OWNER.timeZone })
  calcom.addEventType(OWNER.email, { title: 'Viewing', slug: 'viewing', minutes: 30, lengths: [30, 60], emailRequired: false })
  fillCalendar(google, { email: OWNER.calendarEmail, timeZone: OWNER.timeZone }, new Date())
  for (const rental of RENTALS) await request('POST', '/rentals', rental)
  return {
    baseUrl,
    token,
    assistantId,
    secret,
    metricsToken: settings.METRICS_TOKEN ?? '',
    timeZone: OWNER.timeZone,
    calendar: {
      email: OWNER.calendarEmail,
      url: `${google.url}/calendar/v3/calendars/primary/events`,
      token: await google.tokenFor(OWNER.calendarEmail),
    },
    calcomKey: calcom.keyFor(OWNER.email),
  }
}

/** A week like any other: some of it is taken. The same hours each time, so that a scripted call reads alike. */
export function fillCalendar(google: World['google'], { email, timeZone }: { email: string; timeZone: string }, now: Date): void {
  const today = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(timeZone).startOfDay()
  const entries: [days: number, from: string, to: string, subject: string][] = [
    [1, '11:00', '12:00', 'Keys, 12 Elm Street'],
    [2, '09:00', '09:30', 'Call with the painter'],
    [2, '13:00', '15:00', 'Inspection, 8 Oak Avenue'],
    [3, '14:00', '15:30', 'Notary'],
    [4, '12:00', '13:00', 'Lunch'],
    [5, '15:00', '17:00', 'School play'],
    [6, '09:00', '10:00', 'Dentist'],
  ]
  for (const [days, from, to, subject] of entries) {
    const at = (time: string) => new Date(today.add({ days }).withPlainTime(time).epochMilliseconds)
    google.addEvent(email, { subject, startsAt: at(from), endsAt: at(to) })
  }
}
