import { inTenant } from '../../src/db/client.ts'
import type { Owner, TestApp } from '../setup/app.ts'
import type { NewPerson } from '../world/people.ts'
import type { LedgerEntry } from '../world/stand-in.ts'

export type VendorId = 'google' | 'microsoft'

/** What differs between vendors in these tests. */
export const vendors = {
  google: {
    id: 'google',
    path: '/calendar/google/auth',
    label: 'Google Calendar',
    tokenPath: /\/token/,
    readPath: /\/freeBusy/,
    scopes: ['calendar.events', 'calendar.freebusy', 'calendar.calendarlist.readonly'].map(
      (name) => `https://www.googleapis.com/auth/${name}`,
    ),
  },
  microsoft: {
    id: 'microsoft',
    path: '/calendar/auth',
    label: 'Microsoft Calendar',
    tokenPath: /\/token/,
    readPath: /\/calendarView/,
    scopes: ['Calendars.ReadWrite', 'MailboxSettings.Read'],
  },
} as const

export const both = [vendors.google, vendors.microsoft]

export type Vendor = (typeof both)[number]
export type Calendars = NonNullable<NewPerson['calendars']>

export const otherThan = (vendor: Vendor): Vendor => (vendor.id === 'google' ? vendors.microsoft : vendors.google)

/** Two times of a Tuesday in Chicago, and what books them. */
export const [nine, ten] = [new Date('2026-12-01T15:00:00Z'), new Date('2026-12-01T16:00:00Z')]
export const NINE = { start_time: '2026-12-01T09:00', name: 'Ana' }
export const TEN = { start_time: '2026-12-01T10:00', name: 'Ben' }
export const halfHour = (startsAt: Date) => ({ startsAt, endsAt: new Date(startsAt.getTime() + 30 * 60_000) })

/** A calendar account at the vendor. @returns its e-mail address */
export function account({ world }: Pick<TestApp, 'world'>, vendor: Vendor): string {
  return world[vendor.id].addPerson({
    name: 'Dana Reyes',
    email: `diary-${crypto.randomUUID().slice(0, 8)}@example.com`,
    timeZone: 'America/Chicago',
  }).email
}

/** Begins to connect. @returns where the browser is sent */
export async function start({ app }: Pick<TestApp, 'app'>, user: Owner, vendor: Vendor, query = ''): Promise<URL> {
  const reply = await app.inject({ url: `${vendor.path}/start${query}`, headers: user.headers() })
  if (reply.statusCode !== 307) throw new Error(`start answered ${reply.statusCode} ${reply.body}`)
  return new URL(String(reply.headers.location))
}

/** The browser follows the vendor's redirect back to us. @returns where we send it */
export async function follow({ app }: Pick<TestApp, 'app'>, callback: URL): Promise<URL> {
  const reply = await app.inject({ url: callback.pathname + callback.search })
  if (reply.statusCode !== 302) throw new Error(`the callback answered ${reply.statusCode} ${reply.body}`)
  return new URL(String(reply.headers.location))
}

/** What the frontend's page reads of the address that the browser ends at. */
export function outcome(end: URL) {
  return { page: end.origin + end.pathname, auth: end.searchParams.get('auth'), message: end.searchParams.get('message') }
}

export async function status({ app }: Pick<TestApp, 'app'>, user: Owner, vendor: Vendor = vendors.microsoft) {
  const reply = await app.inject({ url: `${vendor.path}/status`, headers: user.headers() })
  return { code: reply.statusCode, body: reply.json() }
}

/** The connections of this user, as they stand in the database. */
export function stored({ deps }: Pick<TestApp, 'deps'>, { clerkUserId }: Pick<Owner, 'clerkUserId'>) {
  return inTenant(deps.db, clerkUserId, (trx) => trx.selectFrom('oauthTokens').selectAll().orderBy('createdAt').execute())
}

/** Requests to the token endpoint of this kind. */
export function grants(ledger: LedgerEntry[], type: 'authorization_code' | 'refresh_token'): LedgerEntry[] {
  return ledger.filter(({ body }) => typeof body === 'object' && body !== null && 'grant_type' in body && body.grant_type === type)
}

/** Connects a new account of this vendor in the given role. */
export async function add(test: TestApp, user: Owner, vendor: Vendor, role: string, calendars?: Calendars) {
  const email = `more-${crypto.randomUUID().slice(0, 8)}@example.com`
  const person = test.world[vendor.id].addPerson({ name: 'Dana', email, timeZone: 'America/Chicago', ...(calendars ? { calendars } : {}) })
  await again(test, user, vendor, role, email)
  return { email, person }
}

/** Connects this account, perhaps once more. */
export async function again(test: TestApp, user: Owner, vendor: Vendor, role: string, email: string): Promise<void> {
  const callback = await test.world[vendor.id].signIn(await start(test, user, vendor, `?role=${role}`), email)
  const end = outcome(await follow(test, callback))
  if (end.auth !== 'success') throw new Error(`not connected: ${end.message}`)
}

/** What `GET /calendar/connections` tells of this user. */
export async function list({ app }: TestApp, user: Owner) {
  const reply = await app.inject({ url: '/calendar/connections', headers: user.headers() })
  if (reply.statusCode !== 200) throw new Error(reply.body)
  return reply.json().connections
}
