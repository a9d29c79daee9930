import fc from 'fast-check'
import t from 'tap'
import {
  freeSlots,
  overlapsAny,
  type Rules,
  reasonsAgainst,
  refusal,
  type Taken,
  type Wish,
  withBuffers,
} from '../../src/calendar/slots.ts'
import { type OpeningHours, usualWindows, weekdays } from '../../src/calendar/zone.ts'
import type { Interval } from '../../src/providers/provider.ts'
import { freeMinuteByMinute } from './brute-force.ts'

// A longer run: SLOTS_RUNS=5000 SLOTS_SEED=7 node test/calendar/offered.test.ts
const SEED = Number(process.env.SLOTS_SEED ?? 20261121)
const RUNS = Number(process.env.SLOTS_RUNS ?? 120)
// The independent count walks through every minute, so it is asked about fewer.
const COUNTED = Math.ceil(RUNS / 4)

/** Odd offsets, odd changes, changes at midnight, and none. */
const ZONES = [
  'America/New_York',
  'America/St_Johns',
  'America/Havana',
  'America/Santiago',
  'America/Asuncion',
  'America/Sao_Paulo',
  'America/Nuuk',
  'Europe/Berlin',
  'Europe/London',
  'Europe/Dublin',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Asia/Beirut',
  'Asia/Jerusalem',
  'Asia/Kathmandu',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Australia/Adelaide',
  'Pacific/Chatham',
  'Pacific/Auckland',
  'Pacific/Apia',
  'Pacific/Kiritimati',
  'Pacific/Marquesas',
  'Antarctica/Troll',
  'UTC',
]
const MINUTE = 60_000
const HOUR = 60 * MINUTE

interface Case {
  rules: Rules
  wish: Wish
  taken: Taken
  now: Date
}

/** A day in ten years, often one whose clocks change. */
const dates = fc
  .record({ timeZone: fc.constantFrom(...ZONES), days: fc.integer({ min: 0, max: 3652 }), atChange: fc.boolean() })
  .map(({ timeZone, days, atChange }) => {
    const some = Temporal.PlainDate.from('2026-01-01').add({ days }).toZonedDateTime(timeZone)
    const day = (atChange ? some.getTimeZoneTransition('next') : undefined) ?? some
    return { timeZone, date: day.toPlainDate(), dayStart: day.startOfDay().epochMilliseconds }
  })

const edge = fc.constantFrom('00:00', '00:30', '01:15', '01:30', '02:00', '02:15', '03:00', '09:00', '12:30', '17:00', '23:15', '24:00')
const pair = fc
  .tuple(edge, edge)
  .filter(([one, other]) => one !== other)
  .map(([one, other]): [string, string] => (one < other ? [one, other] : [other, one]))
const hours = fc.oneof({ weight: 5, arbitrary: fc.array(pair, { minLength: 1, maxLength: 2 }) }, fc.array(pair, { maxLength: 0 }))
const openingHours: fc.Arbitrary<OpeningHours> = fc.record({ week: hours, sunday: hours }).map(({ week, sunday }) => ({
  ...Object.fromEntries(weekdays.map((day) => [day, week])),
  sunday,
}))
const window = fc.option(
  fc.constantFrom({ fromMinutes: 0, toMinutes: 720 }, { fromMinutes: 540, toMinutes: 690 }, { fromMinutes: 720, toMinutes: 1440 }),
  { nil: undefined, freq: 1 },
)

const cases: fc.Arbitrary<Case> = fc
  .record({
    day: dates,
    rules: fc.record({
      openingHours,
      overrides: fc.array(fc.record({ from: fc.integer({ min: -1, max: 2 }), length: fc.integer({ min: 0, max: 2 }), hours }), {
        maxLength: 2,
      }),
      stepMinutes: fc.constantFrom(5, 15, 20, 30, 45, 60, 90),
      startsFrom: fc.constantFrom('opening' as const, 'hour' as const),
      bufferBeforeMinutes: fc.constantFrom(0, 0, 10, 45),
      bufferAfterMinutes: fc.constantFrom(0, 0, 5, 60),
      dailyCap: fc.constantFrom(null, null, 1, 3),
      noticeMinutes: fc.constantFrom(0, 0, 60, 24 * 60),
      horizonDays: fc.constantFrom(0, 1, 60, 60, 60),
    }),
    now: fc.integer({ min: -12 * 60, max: 12 * 60 }),
    busy: fc.array(fc.tuple(fc.integer({ min: -120, max: 2 * 1440 }), fc.integer({ min: 0, max: 240 })), { maxLength: 5 }),
    appointments: fc.array(fc.integer({ min: -120, max: 2 * 1440 }), { maxLength: 4 }),
    wish: fc.record({
      from: fc.integer({ min: 0, max: 600 }),
      length: fc.integer({ min: 0, max: 3 * 1440 }),
      minutes: fc.constantFrom(5, 15, 30, 50, 60, 120),
      partOfDay: fc.option(fc.constantFrom('morning' as const, 'afternoon' as const, 'evening' as const), { nil: undefined, freq: 1 }),
      window,
    }),
  })
  .map(({ day: { timeZone, date, dayStart }, rules, now, busy, appointments, wish }) => {
    const at = (minutes: number) => new Date(dayStart + minutes * MINUTE)
    const { overrides, ...others } = rules
    return {
      rules: {
        ...others,
        timeZone,
        dateOverrides: overrides.map((one) => ({
          from: date.add({ days: one.from }).toString(),
          to: date.add({ days: one.from + one.length }).toString(),
          hours: one.hours,
        })),
        slotMinutes: wish.minutes,
        aheadDays: 7,
        windows: usualWindows,
        blocking: { all_day: true, tentative: true, out_of_office: true, working_elsewhere: false },
      },
      now: at(now),
      taken: {
        busy: busy.map(([start, length]) => ({ startsAt: at(start), endsAt: at(start + length) })),
        appointments: appointments.map(at),
      },
      wish: {
        range: { startsAt: at(wish.from), endsAt: at(wish.from + wish.length) },
        minutes: wish.minutes,
        partOfDay: wish.partOfDay,
        window: wish.window,
      },
    }
  })

function check(t: Tap, runs: number, holds: (one: Case) => string | undefined) {
  const property = fc.property(cases, (one) => {
    const broken = holds(one)
    if (broken !== undefined) throw new Error(broken)
  })
  const { failed, counterexample, errorInstance } = fc.check(property, { seed: SEED, numRuns: runs })
  t.notOk(failed, failed ? `${errorInstance}` : '', { counterexample: JSON.stringify(counterexample) })
}
type Tap = Pick<typeof t, 'notOk'>

const offeredIn = ({ rules, wish, taken, now }: Case) => freeSlots(rules, wish, taken, now)

t.test(`no slot that is offered breaks a rule, and the judge of bookings takes each of them (seed ${SEED})`, async (t) => {
  let withOffers = 0
  check(t, RUNS, (one) => {
    const { rules, wish, taken, now } = one
    const offered = offeredIn(one)
    if (offered.length > 0) withOffers += 1
    const show = new Intl.DateTimeFormat('sv', { timeZone: rules.timeZone, dateStyle: 'short', timeStyle: 'short' })
    const local = (at: Date | number) => show.format(at)
    const lastDay = new Date(Date.parse(local(now).slice(0, 10)) + rules.horizonDays * 24 * HOUR).toISOString().slice(0, 10)
    let before = Number.NEGATIVE_INFINITY
    for (const slot of offered) {
      const { startsAt, endsAt } = slot
      const said = `${startsAt.toISOString()} in ${rules.timeZone}`
      const day = local(startsAt).slice(0, 10)
      if (endsAt.getTime() - startsAt.getTime() !== wish.minutes * MINUTE) return `${said}: of another length`
      if (startsAt.getTime() <= before) return `${said}: out of order, or twice`
      if (startsAt.getTime() < now.getTime() + rules.noticeMinutes * MINUTE) return `${said}: too soon`
      if (day > lastDay) return `${said}: too far`
      if (startsAt < wish.range.startsAt || endsAt > wish.range.endsAt) return `${said}: not what was asked for`
      if (taken.busy.some((busy) => nearer(slot, busy, rules))) return `${said}: too near to something`
      const sameDay = taken.appointments.filter((at) => local(at).slice(0, 10) === day).length
      if (rules.dailyCap !== null && sameDay >= rules.dailyCap) return `${said}: more than the cap`
      if (refusal(rules, slot, now, 'caller', taken) !== undefined) return `${said}: offered, and refused`
      if (refusal(rules, slot, now) !== undefined || overlapsAny(withBuffers(rules, slot), taken.busy))
        return `${said}: refused in two steps`
      before = startsAt.getTime()
    }
    return undefined
  })
  t.ok(withOffers > RUNS / 4, `${withOffers} of ${RUNS} random businesses had something to offer`)
})

t.test('what is offered is all that the judge takes', async (t) => {
  check(t, COUNTED, (one) => {
    const { rules, now, taken } = one
    const wish = { ...one.wish, partOfDay: undefined, window: undefined }
    const length = wish.minutes * MINUTE
    const offered = offeredIn({ ...one, wish }).map(({ startsAt }) => startsAt.getTime())
    const against = reasonsAgainst(rules, wish.range, { now, taken })
    const bookable: number[] = []
    const five = 5 * MINUTE // every edge and step lies on five minutes
    for (let start = Math.ceil(wish.range.startsAt.getTime() / five) * five; start + length <= wish.range.endsAt.getTime(); start += five) {
      if (against({ startsAt: new Date(start), endsAt: new Date(start + length) }).length === 0) bookable.push(start)
    }
    return JSON.stringify(offered) === JSON.stringify(bookable) ? undefined : `offered ${shown(offered)}, bookable ${shown(bookable)}`
  })
})

t.test('a count minute by minute, by another clock, offers the same', async (t) => {
  check(t, COUNTED, (one) => {
    const { rules, wish, taken, now } = one
    const offered = offeredIn(one).map(({ startsAt }) => startsAt.getTime())
    const counted = freeMinuteByMinute(rules, wish, taken, now)
    return JSON.stringify(offered) === JSON.stringify(counted) ? undefined : `offered ${shown(offered)}, counted ${shown(counted)}`
  })
})

/** Do they overlap, or come nearer than the buffers allow? */
function nearer(
  { startsAt, endsAt }: Interval,
  busy: Interval,
  { bufferBeforeMinutes: before, bufferAfterMinutes: after }: Rules,
): boolean {
  const isEmpty = busy.startsAt.getTime() === busy.endsAt.getTime()
  return (
    !isEmpty && busy.startsAt.getTime() < endsAt.getTime() + after * MINUTE && busy.endsAt.getTime() > startsAt.getTime() - before * MINUTE
  )
}

function shown(starts: number[]): string {
  return starts.map((at) => new Date(at).toISOString().slice(0, 16)).join(' ')
}
