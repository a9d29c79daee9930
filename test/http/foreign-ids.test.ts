import t from 'tap'
import { type Owner, testApp } from '../setup/app.ts'
import { isClosed, readDescription } from '../setup/description.ts'
import { resourceOf, withId } from '../setup/resources.ts'
import { rowsOf } from '../setup/rows.ts'

const test = await testApp(t, { LIMIT_REST_PER_MINUTE: '100000' })
const { operations, bodySchema } = await readDescription(test.app)

/** From the description itself: a route that is added later is tried as well. */
const owned = operations.filter((one) => isClosed(one) && one.path.includes('{'))

for (const { name, path, method, requestBody, parameters } of owned) {
  t.test(`${name}: what belongs to somebody else does not exist`, async (t) => {
    const resource = resourceOf(path)
    if (!resource) throw new Error('a path without an id')
    const [mine, hers] = [await test.owner(), await test.owner()]
    const example = bodySchema(requestBody)?.examples?.[0]
    const id = await resource.make(test, hers)
    const ask = async (user: Owner, asked: string) => {
      const reply = await test.app.inject({
        method,
        url: withId(path, asked),
        headers: user.headers(),
        ...(example instanceof Object ? { payload: example } : {}),
        query: Object.fromEntries(
          parameters.flatMap(({ in: place, name, schema }) =>
            place === 'query' ? [[name, String(schema.examples?.[0] ?? schema.default ?? '')]] : [],
          ),
        ),
      })
      const { 'x-request-id': _id, date: _date, ...headers } = reply.headers
      return { status: reply.statusCode, headers, body: reply.body }
    }
    const before = await rowsOf(test.database.url, hers.clerkUserId)
    const foreign = await ask(mine, id)
    t.same(foreign, await ask(mine, resource.absent), 'as if it were nobody’s')
    t.equal(foreign.status, 404)
    t.same(await rowsOf(test.database.url, hers.clerkUserId), before, 'and nothing of it has changed')
    t.not((await ask(hers, id)).status, 404, 'for its owner it is there')
  })
}

t.test('there are routes to try', async (t) => {
  t.ok(owned.length >= 10, `${owned.length}`)
})
