import t from 'tap'
import { offsetTime } from '../../src/calendar/zone.ts'
import { testApp } from '../setup/app.ts'
import { words } from '../setup/voice.ts'

const test = await testApp(t, { LIMIT_TOOL_CALLS_PER_MINUTE: '10000' })
const ALWAYS = Object.fromEntries(
  ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'].map((day) => [day, [['00:00', '24:00']]]),
)

interface Night {
  zone: string
  now: string
  /** Wall times of that night and the instants they are. */
  booked: [wall: string, instant: string, minutes?: number][]
  missing?: { wall: string; neighbours: RegExp; before: [string, string]; after: [string, string] }
  repeated?: { wall: string; first: string }
}

const nights: Night[] = [
  {
    zone: 'America/New_York',
    now: '2026-10-30T12:00:00Z',
    booked: [
      ['2026-11-01T00:30', '2026-11-01T04:30:00Z'],
      ['2026-11-01T02:00', '2026-11-01T07:00:00Z'],
      ['2026-11-01T09:00', '2026-11-01T14:00:00Z'],
      ['2026-10-31T09:00', '2026-10-31T13:00:00Z'],
      ['2026-11-01T00:00', '2026-11-01T04:00:00Z'],
      ['2026-11-02T00:00', '2026-11-02T05:00:00Z', 60],
    ],
    repeated: { wall: '2026-11-01T01:30', first: '2026-11-01T05:30:00Z' },
  },
  {
    zone: 'America/New_York',
    now: '2027-03-12T12:00:00Z',
    booked: [
      ['2027-03-14T00:30', '2027-03-14T05:30:00Z', 60],
      ['2027-03-14T09:00', '2027-03-14T13:00:00Z'],
      ['2027-03-13T09:00', '2027-03-13T14:00:00Z'],
      ['2027-03-14T23:30', '2027-03-15T03:30:00Z'],
    ],
    missing: {
      wall: '2027-03-14T02:30',
      neighbours: /one thirty or three thirty in the morning/,
      before: ['2027-03-14T01:30', '2027-03-14T06:30:00Z'],
      after: ['2027-03-14T03:30', '2027-03-14T07:30:00Z'],
    },
  },
  {
    zone: 'Europe/Berlin',
    now: '2026-10-23T12:00:00Z',
    booked: [
      ['2026-10-25T01:30', '2026-10-24T23:30:00Z'],
      ['2026-10-25T03:00', '2026-10-25T02:00:00Z'],
      ['2026-10-24T12:00', '2026-10-24T10:00:00Z'],
      ['2026-10-25T12:00', '2026-10-25T11:00:00Z', 90],
    ],
    repeated: { wall: '2026-10-25T02:00', first: '2026-10-25T00:00:00Z' },
  },
  {
    zone: 'Europe/Berlin',
    now: '2027-03-26T10:00:00Z',
    booked: [
      ['2027-03-28T01:00', '2027-03-28T00:00:00Z'],
      ['2027-03-28T04:00', '2027-03-28T02:00:00Z'],
      ['2027-03-27T12:00', '2027-03-27T11:00:00Z'],
      ['2027-03-28T12:00', '2027-03-28T10:00:00Z'],
    ],
    missing: {
      wall: '2027-03-28T02:30',
      neighbours: /one thirty or three thirty in the morning/,
      before: ['2027-03-28T01:30', '2027-03-28T00:30:00Z'],
      after: ['2027-03-28T03:30', '2027-03-28T01:30:00Z'],
    },
  },
]

t.not(Intl.DateTimeFormat().resolvedOptions().timeZone, 'America/New_York', 'the machine has a zone of its own')

for (const vendor of ['google', 'microsoft'] as const) {
  for (const { zone, now, booked, missing, repeated } of nights) {
    t.test(
      `${vendor}: around the night of ${(missing?.wall ?? repeated?.wall)?.slice(0, 10)} in ${zone} all appointments are right`,
      async (t) => {
        test.setNow(new Date(now))
        const owner = await test.owner({ vendor, timeZone: zone, openingHours: ALWAYS, noticeMinutes: 60 })
        let calls = 0
        const book = async (start_time: string, more: object = {}) => {
          calls += 1
          const before = test.world[vendor].events(owner.calendarEmail).map((event) => event.id)
          const answer = await owner.call('book_appointment', { start_time, ...more }, { callId: `call-${calls}` })
          return { answer, event: test.world[vendor].events(owner.calendarEmail).find((event) => !before.includes(event.id)) }
        }

        for (const [wall, instant, minutes = 30] of booked) {
          const { answer, event } = await book(wall, minutes === 30 ? {} : { duration: minutes })
          t.match(answer.result, /^You are booked for/, `${wall}: ${words(answer)}`)
          t.equal(event?.startsAt.toISOString(), new Date(instant).toISOString(), wall)
          t.equal((Number(event?.endsAt) - Number(event?.startsAt)) / 60_000, minutes, 'as long as it was asked for')
          t.notMatch(answer.result, 'The clocks')
        }

        if (missing) {
          const { answer, event } = await book(missing.wall)
          t.match(answer.error, /^The clocks go forward that night and skip that time\./)
          t.match(answer.error, missing.neighbours)
          t.equal(event, undefined, 'a time that does not exist is not booked')
          for (const [wall, instant] of [missing.before, missing.after]) {
            const neighbour = await book(wall)
            t.match(neighbour.answer.result, /^You are booked/, 'what was offered can be had')
            t.equal(neighbour.event?.startsAt.toISOString(), new Date(instant).toISOString())
          }
        }

        if (repeated) {
          const { answer, event } = await book(repeated.wall, { duration: 60 })
          t.match(answer.result, 'The clocks go back that night, and I mean the first of the two.')
          t.equal(event?.startsAt.toISOString(), new Date(repeated.first).toISOString())
          t.equal(Number(event?.endsAt) - Number(event?.startsAt), 3_600_000, 'an hour of that night is an hour')
          const second = new Date(Date.parse(repeated.first) + 3_600_000)
          const named = await book(offsetTime(second, zone), { duration: 30 })
          t.match(named.answer.result, /^You are booked/, 'the second one, where it is named by its offset')
          t.equal(named.event?.startsAt.toISOString(), second.toISOString())
        }
      },
    )
  }

  t.test(`${vendor}: offers of such a night are all times that can be booked, none twice`, async (t) => {
    for (const { zone, now, missing, repeated } of nights) {
      test.setNow(new Date(now))
      const owner = await test.owner({ vendor, timeZone: zone, openingHours: { sunday: [['01:00', '04:00']] }, noticeMinutes: 60 })
      const date = (missing?.wall ?? repeated?.wall ?? '').slice(0, 10)
      const starts: string[] = []
      for (let round = 0; round < 12; round += 1) {
        const offered = await owner.call('get_availability', { date })
        if (/nothing free on/.test(offered.result ?? '')) break
        const [, day, clock = ''] = /I have (Sunday the .*?) at (\w+(?: thirty)?)/.exec(offered.result ?? '') ?? []
        const answer = await owner.call('book_appointment', { when: `${day} at ${clock} in the morning` }, { callId: `c${round}` })
        if (!answer.result) break
        const last = test.world[vendor].events(owner.calendarEmail).at(-1)
        starts.push(last?.startsAt.toISOString() ?? '')
      }
      t.equal(new Set(starts).size, starts.length)
      t.equal(starts.length, missing ? 4 : 6, `${zone} ${date}: every time between one and four that words can name`)
    }
  })
}
