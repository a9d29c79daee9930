import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { inTurns } from '../../src/db/turns.ts'
import { traced } from '../../src/trace.ts'

function things() {
  const released: (Error | boolean | undefined)[] = []
  return { released, lend: async () => ({ release: (error?: Error | boolean) => void released.push(error) }) }
}

t.test('what was begun goes on before anything new begins, whoever asked first', async (t) => {
  const { lend, released } = things()
  const borrow = inTurns(1, 1000, lend)
  const first = await borrow()
  const order: string[] = []
  const begunAt = performance.now()
  const named = async (name: string) => {
    const one = await borrow()
    order.push(name)
    one.release()
  }
  const all = [
    named('new'),
    traced(begunAt - 200, () => named('begun later')),
    traced(begunAt - 500, () => named('begun first')),
    named('newest'),
  ]
  first.release()
  await Promise.all(all)
  t.same(order, ['begun first', 'begun later', 'new', 'newest'])
  t.equal(released.length, 5)
})

t.test('nobody waits longer than may be, and whoever gave up is in nobody’s way', async (t) => {
  const { lend } = things()
  const borrow = inTurns(2, 50, lend)
  const [one] = await Promise.all([borrow(), borrow()])
  await t.rejects(borrow(), /timeout exceeded when trying to connect/)
  const next = borrow()
  one.release()
  const another = await next
  another.release()
  await (await borrow()).release()
})

t.test('what cannot be lent takes no place', async (t) => {
  const { lend } = things()
  let fails = true
  const borrow = inTurns(1, 50, async () => (fails ? Promise.reject(new Error('away')) : lend()))
  await t.rejects(borrow(), /away/)
  await delay(1)
  fails = false
  t.ok(await borrow())
})
