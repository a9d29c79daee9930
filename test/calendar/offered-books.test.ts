import t from 'tap'
import { diaryOf } from '../../src/calendar/access.ts'
import { findSlots } from '../../src/calendar/availability.ts'
import { DAY_MS, MINUTE_MS, offsetTime } from '../../src/calendar/zone.ts'
import { NOW, testApp } from '../setup/app.ts'
import { watch } from '../setup/bookings.ts'
import { allow } from '../setup/rules.ts'
import { words } from '../setup/voice.ts'

const test = await testApp(t, { LIMIT_TOOL_CALLS_PER_MINUTE: '10000', LIMIT_REST_PER_MINUTE: '10000' })
const week = [
  ['07:30', '12:10'],
  ['13:00', '24:00'],
]

const businesses = [
  { timeZone: 'America/Chicago', rules: {}, minutes: 30 },
  {
    timeZone: 'Australia/Lord_Howe',
    rules: { bufferBeforeMinutes: 20, bufferAfterMinutes: 10, stepMinutes: 25, startsFrom: 'hour', dailyCap: 2 },
    minutes: 45,
  },
  {
    timeZone: 'Asia/Kathmandu',
    rules: {
      bufferAfterMinutes: 45,
      dateOverrides: [{ from: '2026-12-01', to: '2026-12-03', hours: [['10:20', '13:05']] }],
      noticeMinutes: 0,
    },
    minutes: 20,
  },
]

for (const vendor of ['google', 'microsoft'] as const) {
  for (const { timeZone, rules, minutes } of businesses) {
    t.test(`${vendor}: in ${timeZone} whatever is offered of ${minutes} minutes can be booked, and stands in the calendar`, async (t) => {
      const owner = await test.owner({ vendor, timeZone })
      const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']
      await allow(test, owner, { openingHours: Object.fromEntries(days.map((day) => [day, week])), ...rules })
      for (const [index, hour] of [5, 17, 26, 44, 71, 75].entries()) {
        const startsAt = new Date(NOW.getTime() + hour * 60 * MINUTE_MS + index * 7 * MINUTE_MS)
        test.world[vendor].addEvent(owner.calendarEmail, {
          subject: 'x',
          startsAt,
          endsAt: new Date(startsAt.getTime() + (20 + index * 25) * MINUTE_MS),
        })
      }
      const { live } = watch(test, owner)
      for (let round = 0; round < 5; round += 1) {
        const range = { startsAt: NOW, endsAt: new Date(NOW.getTime() + 5 * DAY_MS) }
        const { slots } = await findSlots(
          test.deps,
          await diaryOf(test.deps, owner.clerkUserId),
          { range, minutes },
          AbortSignal.timeout(8000),
        )
        // Another one each time: the first, the last, and some between.
        const slot = slots[Math.floor(((round * 3) % 5) * 0.25 * (slots.length - 1))]
        if (!slot) throw new Error('nothing is offered')
        // With the offset of the business: a Z may be false, and is asked about where both readings are open.
        const start_time = offsetTime(slot.startsAt, timeZone)
        const answer = await owner.call('book_appointment', { start_time, duration: minutes }, { callId: `call-${round}` })
        t.match(answer.result, /^You are booked/, `${start_time} ${words(answer)}`)
        t.ok(live().some(({ startsAt, endsAt }) => +startsAt === +slot.startsAt && +endsAt === +slot.endsAt))
      }
    })
  }
}
