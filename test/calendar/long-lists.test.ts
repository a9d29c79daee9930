import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { entryBody } from '../../src/calendar/entry-body.ts'
import { mapLongList } from '../../src/calendar/long-lists.ts'

t.test('a list of thousands of long notes holds nobody else up', async (t) => {
  const entries = Array.from({ length: 3000 }, (_, number) => ({
    id: `evt_${number}`,
    subject: 'Viewing',
    startsAt: new Date(Date.UTC(2026, 11, 1) + number * 1_800_000),
    endsAt: new Date(Date.UTC(2026, 11, 1) + (number + 1) * 1_800_000),
    isAllDay: false,
    location: '',
    attendees: [],
    isOnlineMeeting: false,
    link: null,
    body: 'Принесите ключи. '.repeat(1000),
  }))
  const delays = monitorEventLoopDelay({ resolution: 5 })
  delays.enable()
  await delay(20) // it looks at timers: one before, one after
  const bodies = await mapLongList(entries, (entry) => entryBody(entry, 'America/Chicago'))
  await delay(20)
  delays.disable()
  t.same(
    bodies.map(({ id }) => id),
    entries.map(({ id }) => id),
  )
  t.ok(delays.max / 1e6 < 200, `${delays.max / 1e6} ms`)
})

t.test('what fails in the middle of a list fails the list', async (t) => {
  const work = (number: number) => {
    if (number === 2) throw new RangeError('two')
    return number
  }
  await t.rejects(mapLongList([1, 2, 3], work), /two/)
  t.same(await mapLongList([], work), [])
})
