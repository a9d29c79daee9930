import t from 'tap'
import { quantile, sideBySide } from '../../scripts/bench/numbers.ts'
import { chance } from '../../scripts/rig/chance.ts'
import { table } from '../../scripts/rig/table.ts'
import { workingTime } from '../../scripts/rig/week.ts'

t.test('all but the slowest twentieth are at most as slow as the 95th percentile says', async (t) => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)
  t.equal(quantile(hundred, 0.95), 95)
  t.equal(quantile(hundred, 0.5), 50)
  t.equal(quantile([7], 0.95), 7)
  t.ok(Number.isNaN(quantile([], 0.95)))
})

t.test('work that is done side by side keeps its order and its bound', async (t) => {
  let [now, most] = [0, 0]
  const doubled = await sideBySide([5, 1, 3, 2, 4], 2, async (value) => {
    now += 1
    most = Math.max(most, now)
    await new Promise((resolve) => setTimeout(resolve, value))
    now -= 1
    return value * 2
  })
  t.same(doubled, [10, 2, 6, 4, 8])
  t.equal(most, 2)
})

t.test('figures stand below each other', async (t) => {
  t.equal(
    table([
      ['', 'seen'],
      ['booking', 7],
      ['offers', 12000],
    ]),
    ['             seen', '  booking       7', '  offers    12000', ''].join('\n'),
  )
})

t.test('times to ask for are working hours of working days, and no two begin together', async (t) => {
  const all = Array.from({ length: 200 }, (_, index) => workingTime(index))
  t.equal(new Set(all.map(({ written }) => written)).size, 200)
  for (const { written, startsAt, endsAt } of all) {
    t.match(written, /T(09|1[0-6]):[03]0$/)
    t.ok(Temporal.PlainDate.from(written.slice(0, 10)).dayOfWeek <= 5)
    t.equal(endsAt.getTime() - startsAt.getTime(), 30 * 60_000)
  }
})

t.test('chance is the same for the same seed, within its bounds, and its parts do not disturb each other', async (t) => {
  const rolls = (seed: number) =>
    Array.from(
      { length: 1000 },
      (
        (dice) => () =>
          dice.between(1, 6)
      )(chance(seed)),
    )
  t.same(rolls(7), rolls(7))
  t.notSame(rolls(7), rolls(8))
  t.same(new Set(rolls(7)), new Set([1, 2, 3, 4, 5, 6]))
  const dice = chance(7)
  const before = dice.fork('weather').next()
  dice.next()
  t.equal(dice.fork('weather').next(), before)
  t.not(dice.fork('kills').next(), before)
})
