import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import t from 'tap'
import { testApp } from '../setup/app.ts'

t.test(
  'whoever cannot wait until the booking is confirmed is told that it is not known, and hears the truth when asking again',
  async (t) => {
    // Of the budget a second is kept back: vendors have 600 ms, and the answer goes out after 1100.
    const test = await testApp(t, { TOOL_CALL_TIMEOUT_MS: '1600' })
    const owner = await test.owner()
    test.world.google.faults.add({ kind: 'slow', ms: 250, method: 'POST', path: /\/events/ })
    const wish = { start_time: '2026-12-01T09:00', name: 'Ana' }
    const first = owner.call('book_appointment', wish)

    // While the vendor makes the event, somebody holds the row: it cannot be confirmed for a while.
    const holder = new pg.Client({ connectionString: test.database.ownerUrl })
    await holder.connect()
    t.teardown(() => holder.end())
    for (;;) {
      await holder.query('begin')
      const { rowCount } = await holder.query(`select from bookings where status = 'held' and asked_at is not null for update`)
      if (rowCount) break
      await holder.query('rollback')
      await delay(10)
    }
    t.same(await first, {
      name: 'book_appointment',
      toolCallId: 'tool_1',
      error: 'I do not know yet whether that is booked. Shall I check?',
    })
    await holder.query('commit')
    await delay(300)
    t.match(await owner.call('book_appointment', wish), { result: /^You are (already )?booked/ })
    t.equal(test.world.google.events(owner.calendarEmail).length, 1)
  },
)
