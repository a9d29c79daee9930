import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import { mergeIntervals } from '../../src/providers/intervals.ts'
import type { Attempt, OutboundOptions } from '../../src/providers/outbound.ts'
import type { BookingRef, Calendar, CalendarProvider, Grant, Interval, NewEvent } from '../../src/providers/provider.ts'
import type { CalendarStandIn } from '../world/calendar-stand-in.ts'
import type { NewPerson } from '../world/people.ts'

/** What differs between vendors as far as a test can see. */
export interface Vendor {
  name: string
  start(): Promise<CalendarStandIn>
  /** @param secret instead of the right one */
  provider(standIn: CalendarStandIn, options: OutboundOptions, secret?: string): CalendarProvider
  /** Left out by the user, connecting must fail. */
  neededScope: string
  allScopes: string[]
  tokenPath: RegExp
  busyPath: RegExp
  createPath: RegExp
  /** How an event with guests is taken away. */
  cancelling: { method: string; path: RegExp }
  eventsPath: RegExp
  /** Any page of events but the first. */
  nextPage: RegExp
  /** An empty page of events after which there is always another. */
  endlessPage(standIn: CalendarStandIn): object
  /** Pages of events that are not as the vendor describes them. */
  oddPages: object[]
  /** In which an event of a business in New York is written. */
  eventZone: string
  /** Does a refresh bring a new refresh token? */
  rotates: boolean
  /** For how long its access tokens are good. */
  tokenSeconds: number
  /** How an event is moved. */
  moving: { method: string; path: RegExp }
  /** The id of a calendar that somebody else may have. */
  foreignCalendar: string
  /**
   * Says itself when and for how long it takes appointments, gives them titles of its own and refuses what is taken; and keeps nobody from
   * booking twice, so that it is looked at before anything is repeated. The others take whatever is sent to them.
   */
  isScheduler: boolean
}

// A zone that no test uses: whoever reads a time in the machine's own zone is found out.
process.env.TZ = 'Asia/Kathmandu'

export const redirectUri = 'http://localhost:8000/callback'
export const email = 'dana@example.com'

const QUARTER_MS = 15 * 60_000

/** Short enough for a test to wait for, in the proportions of the real ones. */
const timeouts = { read: 400, create: 600, token: 400 }

export type World = Awaited<ReturnType<typeof newWorld>>

/** A vendor of this test's own with one person in it, Dana. */
export async function newWorld(t: Test, vendor: Vendor, person: Partial<NewPerson> = {}) {
  const standIn = await vendor.start()
  t.teardown(() => standIn.stop())
  standIn.addPerson({ name: 'Dana', email, timeZone: 'America/New_York', ...person })
  const attempts: Attempt[] = []
  const provider = vendor.provider(standIn, { timeouts, observe: (attempt) => attempts.push(attempt) })

  async function signIn(options: { deny?: boolean; scopes?: string[] } = {}) {
    const codeVerifier = randomBytes(32).toString('base64url')
    const challenge = createHash('sha256').update(codeVerifier).digest('base64url')
    const callback = await standIn.signIn(provider.authorizationUrl('the-state', challenge), email, options)
    return { callback, code: callback.searchParams.get('code') ?? '', codeVerifier }
  }

  return {
    standIn,
    provider,
    attempts,
    signIn,
    async connect(): Promise<Grant> {
      const { code, codeVerifier } = await signIn()
      return await provider.exchangeCode(code, codeVerifier)
    },
    /** Dana's main calendar, opened with a token of hers. */
    async calendar(signal?: AbortSignal) {
      const token = await standIn.tokenFor(email)
      const [main] = await provider.calendars({ accessToken: token })
      if (!main) throw new Error('Dana has no calendar')
      standIn.ledger.length = 0
      return provider.calendar({ accessToken: token, signal }, main.id)
    },
  }
}

export function newBooking(changes: Partial<NewEvent> = {}): NewEvent {
  return {
    bookingId: randomUUID(),
    subject: 'Viewing with Kim',
    description: 'Kim would like to see the garden.',
    location: '123 Main St',
    startsAt: new Date('2026-12-01T15:00:00Z'),
    endsAt: new Date('2026-12-01T15:30:00Z'),
    timeZone: 'America/New_York',
    attendees: [{ name: 'Kim Lee', email: 'kim@example.com' }],
    customer: { name: 'Kim Lee', email: 'kim@example.com', phone: null },
    ...changes,
  }
}

/** As it is known while nobody has told us of its event. */
export function refOf({ bookingId, startsAt, endsAt }: NewEvent): BookingRef {
  return { bookingId, eventId: null, startsAt, endsAt }
}

/**
 * When the owner has no time: where a calendar says only when she has, all the rest, in quarters of an hour. What a calendar says of both is
 * one answer to one question.
 */
export async function busyTimes(open: Calendar, range: Interval, options: { except?: BookingRef } = {}): Promise<Interval[]> {
  if (!open.slots) return open.busy(range, options)
  if (range.startsAt >= range.endsAt) return open.slots(range, 15, options)
  // What is moved keeps half an hour: what none of those that begin each quarter covers is taken.
  const [minutes, marginMs] = options.except ? [30, QUARTER_MS] : [15, 0]
  const wider = { startsAt: new Date(range.startsAt.getTime() - marginMs), endsAt: new Date(range.endsAt.getTime() + marginMs) }
  const starts = new Set((await open.slots(wider, minutes, options)).map(({ startsAt }) => startsAt.getTime()))
  const busy: Interval[] = []
  for (let at = range.startsAt.getTime(); at < range.endsAt.getTime(); at += QUARTER_MS) {
    if (!starts.has(at) && !starts.has(at - marginMs)) busy.push({ startsAt: new Date(at), endsAt: new Date(at + QUARTER_MS) })
  }
  return mergeIntervals(busy)
}

export function span(start: string, end: string): Interval {
  return { startsAt: new Date(start), endsAt: new Date(end) }
}

/** As text, so that a failing comparison can be read. */
export function shown(intervals: Interval[]): string[] {
  return intervals.map(({ startsAt, endsAt }) => `${startsAt.toISOString().slice(0, 16)}/${endsAt.toISOString().slice(0, 16)}`)
}
