import { workingTime } from '../rig/week.ts'
import { quantile, sideBySide } from './numbers.ts'
import type { Measured, Site } from './site.ts'

/** One line of the table. */
export interface Finding {
  what: string
  target: string
  seen: string
  isMet: boolean
}

// Sections 2 and 4 of the failure outcomes: what callers and owners are promised.
const VENDOR_MS = 300
const CONNECT_MS = 10_000
const AVAILABILITY_MS = 2000
const BOOKING_MS = 3000
const ANSWER_MS = 8000
const CALLERS = 20

/** Measures a site against what is promised. Takes about half a minute. */
export async function measureTargets(site: Site): Promise<Finding[]> {
  const before = await site.memory()
  site.setVendors(VENDOR_MS)
  const connecting = await sideBySide(['google', 'microsoft', 'google', 'microsoft'] as const, 1, async (vendor) => {
    const startedAt = performance.now()
    await site.connect(vendor)
    return performance.now() - startedAt
  })
  const availability = await sideBySide(callers(site, 200), CALLERS, ({ owner }) => site.availability(owner))
  const bookings = await sideBySide(callers(site, 100), CALLERS, ({ owner, index }) => site.book(owner, workingTime(index)))
  const after = await site.memory()

  site.setVendors('silent')
  // Other times than before, so that the vendor is really asked.
  const silent = await sideBySide(callers(site, CALLERS * 2), CALLERS * 2, ({ owner, index }) =>
    index % 4 < 2 ? site.book(owner, workingTime(100 + index)) : site.availability(owner),
  )
  site.setVendors(0)
  const booked = bookings.filter(({ isResult }) => isResult).length
  const offered = availability.filter(({ isResult }) => isResult).length
  return [
    withinMs('connecting a calendar, slowest', Math.max(...connecting), CONNECT_MS),
    withinMs(`availability, p95 of ${CALLERS} callers at once`, p95(availability), AVAILABILITY_MS),
    withinMs(`booking, p95 of ${CALLERS} callers at once`, p95(bookings), BOOKING_MS),
    withinMs('a silent vendor, slowest answer', Math.max(...silent.map(({ ms }) => ms)), ANSWER_MS),
    { what: 'offers made', target: 'all', seen: `${offered} of ${availability.length}`, isMet: offered === availability.length },
    { what: 'appointments booked', target: 'all', seen: `${booked} of ${bookings.length}`, isMet: booked === bookings.length },
    { what: 'memory before, MiB', target: '', seen: String(before), isMet: true },
    { what: 'memory after, MiB', target: '', seen: String(after), isMet: true },
  ]
}

/** Alternating between the owners; each pair of callers wants a time of its own. */
function callers({ owners }: Site, count: number) {
  return Array.from({ length: count }, (_, call) => {
    const owner = owners[call % owners.length]
    if (!owner) throw new Error('nobody to call')
    return { owner, index: Math.floor(call / owners.length) }
  })
}

function p95(calls: Measured[]): number {
  return quantile(
    calls.map(({ ms }) => ms),
    0.95,
  )
}

function withinMs(what: string, ms: number, target: number): Finding {
  return { what, target: `${target} ms`, seen: `${Math.round(ms)} ms`, isMet: ms <= target }
}
