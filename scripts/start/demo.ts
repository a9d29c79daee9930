import * as z from 'zod'
import type { World } from '../../test/world/world.ts'

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
})
export type Demo = z.infer<typeof Demo>

const OWNER = { name: 'Dana Reyes', email: 'dana.viewings@gmail.example', timeZone: 'America/Chicago' }
const DAY_SECONDS = 24 * 60 * 60

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

/** Goes through the same doors as a real owner: signs in, connects Google Calendar, links an assistant, makes its secret, advertises rentals. */
export async function seedDemo(baseUrl: string, { clerk, google, vapi, settings }: World): Promise<Demo> {
  const { id } = clerk.addUser({ email: 'dana@example.com', firstName: 'Dana', lastName: 'Reyes' })
  google.addPerson(OWNER)
  fillCalendar(google, OWNER, new Date())
  const token = clerk.token(id, { exp: Math.floor(Date.now() / 1000) + DAY_SECONDS })

  const request = async (method: string, path: string, body?: object) => {
    const response = await fetch(baseUrl + path, {
      method,
      redirect: 'manual',
      headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    if (response.status >= 400)
      throw new Error(`The demo tenant could not be made: ${method} ${path} answered ${response.status} ${await response.text()}`)
    return response
  }
  const started = await request('GET', '/calendar/google/auth/start')
  const callback = await google.signIn(started.headers.get('location') ?? '', OWNER.email)
  const returned = await fetch(callback, { redirect: 'manual' })
  const outcome = new URL(returned.headers.get('location') ?? baseUrl)
  if (outcome.searchParams.get('auth') !== 'success')
    throw new Error(`The demo calendar was not connected: ${outcome.searchParams.get('message')}`)

  const { id: assistantId } = vapi.add('assistant', {
    name: 'Viewing desk',
    model: { provider: 'openai', model: 'gpt-4o' },
    voice: { provider: '11labs', voiceId: 'sarah' },
    firstMessage: 'Hello, this is the viewing desk. How can I help?',
    server: { url: `${baseUrl}/vapi/webhook` },
  })
  const created = await request('POST', '/agents', { agent_name: 'Viewing desk', vapi_assistant_id: assistantId })
  const { agent_id } = z.object({ agent_id: z.int() }).parse(await created.json())
  const made = await request('POST', `/agents/${agent_id}/secret`)
  const { secret } = z.object({ secret: z.string() }).parse(await made.json())
  for (const rental of RENTALS) await request('POST', '/rentals', rental)
  return {
    baseUrl,
    token,
    assistantId,
    secret,
    metricsToken: settings.METRICS_TOKEN ?? '',
    timeZone: OWNER.timeZone,
    calendar: { email: OWNER.email, url: `${google.url}/calendar/v3/calendars/primary/events`, token: await google.tokenFor(OWNER.email) },
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
