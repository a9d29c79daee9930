import t from 'tap'
import { planOf } from '../../scripts/kill/plan.ts'
import { killRun } from '../../scripts/kill/run.ts'
import { report } from '../../scripts/kill/show.ts'

t.test('a service that is killed in the middle of its work loses nothing, doubles nothing, and says no two things', async (t) => {
  // Two of many: one of two processes, and one at a vendor that keeps nobody from booking twice; `npm run kill` does the others.
  const outcomes = await Promise.all([killRun(151), killRun(25)])
  for (const outcome of outcomes) t.same(outcome.problems, [], outcome.problems.length > 0 ? report(outcome) : 'nothing to complain of')
  const done = new Set(outcomes.flatMap(({ heard }) => heard.filter(([, ending]) => ending === 'done').map(([operation]) => operation)))
  t.ok(done.has('book') && done.size >= 3, `done in the end: ${[...done].join(', ')}`)
})

t.test('the same seed is the same run', async (t) => {
  const { weather: one, ...plan } = planOf(7)
  const { weather: other, ...again } = planOf(7)
  t.same(plan, again)
  const asks = Array.from({ length: 50 }, () => ({ method: 'POST', path: '/calendar/v3/calendars/primary/events' }))
  t.same(asks.map(one), asks.map(other))
  t.notSame(planOf(8).conversations, plan.conversations)
})
