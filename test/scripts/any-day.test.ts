import { readFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { answered, firstMind, heard } from '../../scripts/call/assistant.ts'
import { isStageDirection, scriptOf } from '../../scripts/call/caller.ts'
import { inWordsOf } from '../../scripts/call/dialects.ts'
import { fillCalendar } from '../../scripts/start/demo.ts'
import { root } from '../../src/root.ts'
import { NOW, testApp } from '../setup/app.ts'

const DAY_MS = 24 * 60 * 60_000
const timeZone = 'America/Chicago'
const NAMES: Record<string, string[]> = {
  S0: ['get_availability', 'set_appointment'],
  S1: ['checkAvailability', 'createBooking'],
  S4: ['find_available_times', 'schedule_meeting', 'get_next_available'],
}

t.test('the scripts that come along end in a booking on whatever day and hour they are run', async (t) => {
  const app = await testApp(t)
  for (let hours = 0; hours < 7 * 24; hours += 16) {
    const now = new Date(NOW.getTime() + (hours / 24) * DAY_MS)
    app.setNow(now)
    for (const script of [
      'demo',
      'taken',
      'closed',
      ...(hours % 48 === 0 ? ['change'] : []),
      ...(hours % 72 === 0 ? ['s0', 's1', 's4'] : []),
    ]) {
      const owner = await app.owner({ timeZone })
      fillCalendar(app.world.google, { email: owner.calendarEmail, timeZone }, now)
      const live = () => app.world.google.events(owner.calendarEmail).filter((event) => event.status !== 'cancelled').length
      const before = live()
      let mind = firstMind
      const said: string[] = []
      const { document, lines } = scriptOf(await readFile(path.join(root, 'scripts/call', `${script}.txt`), 'utf8'))
      const called = new Set<string>()
      for (const line of lines) {
        if (isStageDirection(line)) {
          await owner.call('book_appointment', { start_time: mind.time, attendee_name: 'Another caller' }, { callId: 'another' })
          continue
        }
        let turn = heard(mind, line)
        if ('call' in turn) {
          const asked = inWordsOf(document, turn.call, { timeZone, now })
          called.add(asked.name)
          turn = answered(turn.mind, turn.call, await owner.call(asked.name, asked.arguments))
        }
        said.push(turn.say)
        mind = turn.mind
      }
      const at = `${script} on ${now.toUTCString()}`
      t.ok(mind.booked && mind.awaits === 'nothing', `${at} ends in a booking`, { said })
      t.equal(live() - before, { taken: 2, change: 0 }[script] ?? 1, at)
      t.equal(said.filter((one) => one.startsWith('Sorry')).length, 0, `${at}: every line is understood`)
      if (document) t.same([...called], NAMES[document], at)
      if (script === 'change') t.match(said.join(' '), /is now on .* is cancelled\./, at)
      if (script === 'closed') t.match(said[0], 'We are closed on Saturday', at)
      if (script === 'taken') t.match(said.join(' '), 'That time is taken', at)
    }
  }
})
