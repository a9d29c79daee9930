import t from 'tap'
import { createPlaces } from '../src/places.ts'

t.test('so much runs at once, the rest in its order, and what is too much is refused', async (t) => {
  const places = createPlaces(2, 3)
  const begun: number[] = []
  const ends = Array.from({ length: 5 }, () => Promise.withResolvers<number>())
  const all = ends.map(({ promise }, index) =>
    places.take(() => {
      begun.push(index)
      return promise
    }),
  )
  await t.rejects(
    places.take(async () => {}),
    { code: 'unavailable' },
  )
  t.same(begun, [0, 1])
  ends[1]?.reject(new Error('failed'))
  await t.rejects(async () => void (await all[1]), { message: 'failed' })
  t.same(begun, [0, 1, 2], 'who fails leaves the place to the next')
  for (const [index, { resolve }] of ends.entries()) resolve(index)
  t.same(await Promise.all([all[0], all[2], all[3], all[4]]), [0, 2, 3, 4])
  t.same(begun, [0, 1, 2, 3, 4])
  t.equal(await places.take(async () => 7), 7, 'and then there is a place at once')
})
