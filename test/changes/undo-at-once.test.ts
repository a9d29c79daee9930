import t from 'tap'
import { diaryOf } from '../../src/calendar/access.ts'
import { cancelBooking } from '../../src/changes/cancel.ts'
import type { Claimant } from '../../src/changes/change.ts'
import { undoLastChange } from '../../src/changes/undo.ts'
import { testApp } from '../setup/app.ts'

const test = await testApp(t)

for (const vendor of ['google', 'microsoft'] as const) {
  t.test(
    `${vendor}: nobody hears that she keeps a cancelled appointment whose time is taken, also when it is asked twice at once`,
    async (t) => {
      const owner = await test.owner({ vendor })
      const nine = { startsAt: new Date('2026-12-01T15:00:00Z'), endsAt: new Date('2026-12-01T15:30:00Z') }
      const who: Claimant = { by: 'caller', vapiCallId: 'call-1', callerNumber: null, isBelieved: true, code: null, at: null }
      t.match(await owner.call('book_appointment', { start_time: '2026-12-01T09:00', name: 'Ana' }), { result: /booked for/ })
      const diary = await diaryOf(test.deps, owner.clerkUserId)
      const signal = AbortSignal.timeout(7000)
      t.match(await cancelBooking(test.deps, diary, { who, operation: 'cancel' }, signal), { kind: 'cancelled' })

      test.world[vendor].addEvent(owner.calendarEmail, { subject: 'Somebody else', ...nine })
      test.world[vendor].faults.add({ kind: 'slow', ms: 500, path: /freeBusy|calendarView/ }) // the second comes while the first looks
      const outcomes = await Promise.all([1, 2].map(() => undoLastChange(test.deps, diary, { who, operation: 'keep' }, signal)))
      t.match(outcomes, [
        { kind: 'refused', why: 'taken' },
        { kind: 'refused', why: 'taken' },
      ])
    },
  )
}
