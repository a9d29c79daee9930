import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { offsetTime } from '../zones.ts'
import { type Api, asPublished, inVersion, parse, whole, zone } from './access.ts'
import { freeSlots } from './availability.ts'
import { refuse } from './errors.ts'
import { dateOf, type Interval } from './schedule.ts'
import { offered } from './site.ts'

const day = z.iso.date().transform((text) => new Date(`${text}T00:00:00Z`))
const moment = z.union([z.iso.datetime({ offset: true }).transform((text) => new Date(text)), day])
const Query = z.strictObject({
  eventTypeId: whole,
  start: moment,
  end: moment,
  duration: whole.optional(),
  format: z.enum(['time', 'range']).default('time'),
  timeZone: zone.default('UTC'),
  bookingUidToReschedule: z.string().optional(),
})

/** `GET /v2/slots`: when an event type can be booked. Public: nobody is asked who she is. */
export function slotsRoute(app: FastifyInstance, api: Api): void {
  const { site } = api

  app.get('/v2/slots', inVersion('2024-09-04'), async (request) => {
    api.credentials.caller(request)
    asPublished(api, request)
    const { eventTypeId, start, end, duration, format, timeZone, bookingUidToReschedule: except } = parse(Query, request.query)
    const range = { startsAt: start, endsAt: lastInstant(end) }
    if (range.endsAt < range.startsAt) throw refuse(400, "Invalid time range given - check the 'start' and 'end' query parameters.")
    const found = offered(site, eventTypeId)
    if (!found) throw refuse(404, `Event Type with ID=${eventTypeId} not found.`)
    // A length that the event type does not have is believed.
    const slots = freeSlots(site, { ...found, except }, duration ?? found.eventType.minutes, range)
    const isUtc = timeZone === 'UTC' // there are thousands of them
    const days = Object.groupBy(slots, ({ startsAt }) =>
      isUtc ? startsAt.toISOString().slice(0, 10) : dateOf(startsAt, timeZone).toString(),
    )
    const shownTime = (at: Date) => (isUtc ? at.toISOString() : offsetTime(at, timeZone))
    const shown = ({ startsAt, endsAt }: Interval) => ({
      start: shownTime(startsAt),
      ...(format === 'range' ? { end: shownTime(endsAt) } : {}),
    })
    return { status: 'success', data: Object.fromEntries(Object.entries(days).map(([date, times = []]) => [date, times.map(shown)])) }
  })
}

/** Midnight in UTC is read as a date without a time, and the day that it names belongs to the range as a whole. */
function lastInstant(end: Date): Date {
  const isMidnight = end.getTime() % 86_400_000 === 0
  return isMidnight ? new Date(end.getTime() + 86_399_000) : end
}
