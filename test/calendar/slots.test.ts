import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { choose } from '../../src/calendar/choose.ts'
import { freeSlots as freeIn, overlapsAny, type Rules, refusal, type Wish } from '../../src/calendar/slots.ts'
import { usualWindows } from '../../src/calendar/zone.ts'
import type { Interval } from '../../src/providers/provider.ts'

const NEW_YORK = 'America/New_York'
const at = (text: string) => new Date(text)
const between = (from: string, to: string): Interval => ({ startsAt: at(from), endsAt: at(to) })
const allWeek = (...hours: [string, string][]): Rules['openingHours'] => ({
  monday: hours,
  tuesday: hours,
  wednesday: hours,
  thursday: hours,
  friday: hours,
  saturday: hours,
  sunday: hours,
})
const rules = (changed: Partial<Rules> = {}): Rules => ({
  timeZone: NEW_YORK,
  openingHours: allWeek(['09:00', '17:00']),
  dateOverrides: [],
  slotMinutes: 30,
  stepMinutes: 30,
  startsFrom: 'opening',
  bufferBeforeMinutes: 0,
  bufferAfterMinutes: 0,
  dailyCap: null,
  noticeMinutes: 0,
  aheadDays: 7,
  horizonDays: 60,
  windows: usualWindows,
  blocking: { all_day: true, tentative: true, out_of_office: true, working_elsewhere: false },
  ...changed,
})
const freeSlots = (of: Rules, wish: Wish, busy: Interval[], now: Date) => freeIn(of, wish, { busy, appointments: [] }, now)
/** A whole local day, as instants. */
const day = (date: string, timeZone = NEW_YORK): Interval => {
  const start = Temporal.PlainDate.from(date)
  const instant = (one: Temporal.PlainDate) => new Date(one.toZonedDateTime(timeZone).epochMilliseconds)
  return { startsAt: instant(start), endsAt: instant(start.add({ days: 1 })) }
}
/** Local start times, with the offset, so that a repeated hour can be told apart. */
const starts = (slots: Interval[], timeZone = NEW_YORK) =>
  slots.map(({ startsAt }) => {
    const local = Temporal.Instant.fromEpochMilliseconds(startsAt.getTime()).toZonedDateTimeISO(timeZone)
    return `${local.toPlainTime().toString({ smallestUnit: 'minute' })}${local.offset}`
  })
const NOW = at('2026-10-20T12:00:00Z')

t.test('a busy time that only touches a slot does not take it', async (t) => {
  const narrow = rules({ openingHours: allWeek(['09:00', '10:30']) })
  const busy = [
    between('2026-10-22T08:30:00-04:00', '2026-10-22T09:00:00-04:00'),
    between('2026-10-22T09:30:00-04:00', '2026-10-22T10:00:00-04:00'),
  ]
  t.same(starts(freeSlots(narrow, { range: day('2026-10-22'), minutes: 30 }, busy, NOW)), ['09:00-04:00', '10:00-04:00'])
  t.equal(overlapsAny(between('2026-10-22T09:00:00-04:00', '2026-10-22T09:30:00-04:00'), busy), false)
  t.equal(overlapsAny(between('2026-10-22T09:30:00-04:00', '2026-10-22T10:00:00-04:00'), busy), true)
})

t.test('busy times in any order, nested and overlapping, all count', async (t) => {
  const busy = [
    between('2026-10-22T14:00:00-04:00', '2026-10-22T17:00:00-04:00'),
    between('2026-10-22T09:00:00-04:00', '2026-10-22T13:00:00-04:00'),
    between('2026-10-22T10:00:00-04:00', '2026-10-22T10:15:00-04:00'),
  ]
  t.same(starts(freeSlots(rules(), { range: day('2026-10-22'), minutes: 60 }, busy, NOW)), ['13:00-04:00'])
})

t.test('a busy time that is not a time stops everything: it would count as free', async (t) => {
  const broken = [{ startsAt: new Date(Number.NaN), endsAt: at('2026-10-22T17:00:00-04:00') }]
  t.throws(() => freeSlots(rules(), { range: day('2026-10-22'), minutes: 30 }, broken, NOW), RangeError)
})

t.test('the lunch break is closed, and each opening begins a grid of its own', async (t) => {
  const split = rules({ openingHours: allWeek(['09:00', '10:15'], ['13:15', '14:30']) })
  t.same(starts(freeSlots(split, { range: day('2026-10-22'), minutes: 30 }, [], NOW)), [
    '09:00-04:00',
    '09:30-04:00',
    '13:15-04:00',
    '13:45-04:00',
  ])
  t.equal(refusal(split, between('2026-10-22T10:00:00-04:00', '2026-10-22T10:30:00-04:00'), NOW), 'closed', 'runs past closing')
  t.equal(refusal(split, between('2026-10-22T13:30:00-04:00', '2026-10-22T14:00:00-04:00'), NOW), 'off_grid')
})

t.test('an opening until 24:00 ends at the next midnight', async (t) => {
  const late = rules({ openingHours: allWeek(['22:30', '24:00']) })
  t.same(starts(freeSlots(late, { range: day('2026-10-22'), minutes: 60 }, [], NOW)), ['22:30-04:00', '23:00-04:00'])
  t.equal(refusal(late, between('2026-10-22T23:30:00-04:00', '2026-10-23T00:30:00-04:00'), NOW), 'closed')
})

t.test('every reason to refuse a time is told apart, the most telling first', async (t) => {
  const strict = rules({ noticeMinutes: 1440, horizonDays: 5, openingHours: { ...allWeek(['09:00', '17:00']), sunday: [] } })
  const half = (start: string) => ({ startsAt: at(start), endsAt: new Date(at(start).getTime() + 30 * 60_000) })
  t.equal(refusal(strict, half('2026-10-20T07:59:00-04:00'), NOW), 'past')
  t.equal(refusal(strict, half('2026-10-21T07:59:00-04:00'), NOW), 'too_soon')
  t.equal(refusal(strict, half('2026-10-21T09:00:00-04:00'), NOW), undefined)
  t.equal(refusal(strict, half('2026-10-25T09:00:00-04:00'), NOW), 'closed', 'a Sunday')
  t.equal(refusal(strict, half('2026-10-26T09:00:00-04:00'), NOW), 'too_far', 'the sixth day')
  t.equal(refusal(strict, half('2026-10-22T09:10:00-04:00'), NOW), 'off_grid')
  t.equal(refusal(strict, { startsAt: at('2026-10-22T13:00:00Z'), endsAt: at('2026-10-22T13:00:00Z') }, NOW), 'off_grid', 'no length')
  t.equal(refusal(strict, { startsAt: new Date(Number.NaN), endsAt: new Date(Number.NaN) }, NOW), 'off_grid', 'no time at all')
  t.same(freeSlots(rules({ stepMinutes: 0 }), { range: day('2026-10-22'), minutes: 30 }, [], NOW), [], 'no endless loop')
})

t.test('on the night the clocks go forward no slot falls into the missing hour', async (t) => {
  const nights = rules({ openingHours: allWeek(['01:00', '04:00']) })
  const march = at('2027-03-01T12:00:00Z')
  t.same(starts(freeSlots(nights, { range: day('2027-03-14'), minutes: 30 }, [], march)), [
    '01:00-05:00',
    '01:30-05:00',
    '03:00-04:00',
    '03:30-04:00',
  ])
  const inGap = rules({ openingHours: allWeek(['02:30', '05:00']) })
  t.same(
    starts(freeSlots(inGap, { range: day('2027-03-14'), minutes: 60 }, [], march)),
    ['03:30-04:00', '04:00-04:00'],
    'an opening edge that does not exist moves forward',
  )
  const berlin = rules({ timeZone: 'Europe/Berlin', openingHours: allWeek(['01:30', '03:30']) })
  const found = freeSlots(berlin, { range: day('2027-03-28', 'Europe/Berlin'), minutes: 30 }, [], march)
  t.same(starts(found, 'Europe/Berlin'), ['01:30+01:00', '03:00+02:00'])
})

t.test('on the night the clocks go back both repeated hours are offered, and every slot keeps its length', async (t) => {
  const nights = rules({ openingHours: allWeek(['00:30', '02:30']) })
  const found = freeSlots(nights, { range: day('2026-11-01'), minutes: 60 }, [], NOW)
  t.same(starts(found), ['00:30-04:00', '01:00-04:00', '01:30-04:00', '01:00-05:00', '01:30-05:00'])
  t.ok(found.every(({ startsAt, endsAt }) => endsAt.getTime() - startsAt.getTime() === 3_600_000))
  const fromRepeated = rules({ openingHours: allWeek(['01:30', '02:00']) })
  t.same(
    starts(freeSlots(fromRepeated, { range: day('2026-11-01'), minutes: 30 }, [], NOW)),
    ['01:30-04:00', '01:00-05:00', '01:30-05:00'],
    'an opening edge that comes twice is the first',
  )
})

t.test('on Lord Howe Island the clocks change by half an hour', async (t) => {
  const zone = 'Australia/Lord_Howe'
  const nights = rules({ timeZone: zone, openingHours: allWeek(['01:00', '03:00']) })
  const spring = freeSlots(nights, { range: day('2026-10-04', zone), minutes: 30 }, [], at('2026-10-01T00:00:00Z'))
  t.same(starts(spring, zone), ['01:00+10:30', '01:30+10:30', '02:30+11:00'])
  const autumn = freeSlots(nights, { range: day('2027-04-04', zone), minutes: 30 }, [], at('2027-04-01T00:00:00Z'))
  t.same(starts(autumn, zone), ['01:00+11:00', '01:30+11:00', '01:30+10:30', '02:00+10:30', '02:30+10:30'])
})

t.test('opening hours are those of the business, also where its zone is 45 minutes off', async (t) => {
  const zone = 'Asia/Kathmandu'
  const found = freeSlots(
    rules({ timeZone: zone, openingHours: { thursday: [['09:00', '10:00']] } }),
    { range: day('2026-10-22', zone), minutes: 30 },
    [],
    NOW,
  )
  t.same(
    found.map((slot) => slot.startsAt.toISOString()),
    ['2026-10-22T03:15:00.000Z', '2026-10-22T03:45:00.000Z'],
  )
})

t.test('a day begins at midnight of the business, not of the server or of UTC', async (t) => {
  const zone = 'Pacific/Auckland'
  const thursday = rules({ timeZone: zone, openingHours: { thursday: [['00:00', '01:00']] } })
  const found = freeSlots(
    thursday,
    { range: between('2026-10-20T00:00:00Z', '2026-10-23T00:00:00Z'), minutes: 60 },
    [],
    at('2026-10-19T00:00:00Z'),
  )
  t.same(
    found.map((slot) => slot.startsAt.toISOString()),
    ['2026-10-21T11:00:00.000Z'],
    'still Wednesday in UTC',
  )
})

t.test('a day that a zone left out has no hours, and the next day keeps its own', async (t) => {
  const samoa = rules({ timeZone: 'Pacific/Apia', openingHours: { friday: [['09:00', '10:00']], saturday: [['13:00', '14:00']] } })
  const found = freeSlots(
    samoa,
    { range: between('2011-12-30T00:00:00Z', '2012-01-01T00:00:00Z'), minutes: 60 },
    [],
    at('2011-12-29T00:00:00Z'),
  )
  t.same(starts(found, 'Pacific/Apia'), ['13:00+14:00'], 'there was no Friday, 30 December 2011')
})

t.test('notice is elapsed time, also over a clock change', async (t) => {
  const now = at('2026-10-31T10:00:00-04:00')
  const strict = rules({ noticeMinutes: 24 * 60 })
  t.equal(
    starts(freeSlots(strict, { range: day('2026-11-01'), minutes: 30 }, [], now))[0],
    '09:00-05:00',
    'twenty-four hours later the clock shows nine',
  )
})

t.test('the part of the day is that of the start, on the clock of the business', async (t) => {
  const long = rules({ openingHours: allWeek(['11:00', '18:00']), stepMinutes: 60 })
  const wish = { range: day('2026-10-22'), minutes: 60 }
  t.same(starts(freeSlots(long, { ...wish, partOfDay: 'morning' }, [], NOW)), ['11:00-04:00'])
  t.same(starts(freeSlots(long, { ...wish, partOfDay: 'afternoon' }, [], NOW)).length, 5)
  t.same(starts(freeSlots(long, { ...wish, partOfDay: 'evening' }, [], NOW)), ['17:00-04:00'])
})

t.test('three offers are spread: the earliest, the other half of that day, and another day', async (t) => {
  const found = freeSlots(rules(), { range: between('2026-10-22T04:00:00Z', '2026-10-29T04:00:00Z'), minutes: 30 }, [], NOW)
  const local = (slots: Interval[]) => slots.map(({ startsAt }) => startsAt.toISOString().slice(5, 16))
  t.same(local(choose(found, NEW_YORK)), ['10-22T13:00', '10-22T16:00', '10-23T13:00'])
  t.same(local(choose(found, NEW_YORK, at('2026-10-23T18:40:00Z'))), ['10-23T15:30', '10-23T18:30', '10-24T18:30'], 'nearest to the wish')
  t.same(local(choose(found.slice(0, 5), NEW_YORK)), ['10-22T13:00', '10-22T13:30', '10-22T14:00'], 'one morning fills up from itself')
  t.same(local(choose(found.slice(0, 2), NEW_YORK)), ['10-22T13:00', '10-22T13:30'])
  t.same(choose([], NEW_YORK), [])
})

if (!process.env.TZ) {
  t.test('the zone of the machine changes nothing', async (t) => {
    const TZ = Temporal.Now.timeZoneId() === 'Asia/Tokyo' ? 'UTC' : 'Asia/Tokyo'
    const run = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], { env: { ...process.env, TZ }, encoding: 'utf8' })
    t.equal(run.status, 0, `${TZ} ${run.status === 0 ? '' : run.stdout.slice(0, 2000)}`)
  })
}
