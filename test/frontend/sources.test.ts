import t, { type Test } from 'tap'
import * as z from 'zod'
import { type Owner, testApp } from '../setup/app.ts'
import { frontend } from '../setup/frontend.ts'

// Contract, section 4.9, sources: no page reaches them today, but the frontend's code calls them.
const test = await testApp(t)
const front = await frontend(t, test)
const SOURCE = { website: 'example-rentals.com', url: 'https://example-rentals.com/listings' }

const Source = z.strictObject({
  id: z.int().positive(),
  user_id: z.uuid(),
  website: z.string(),
  url: z.string(),
  is_active: z.boolean(),
  last_scraped_at: z.iso.datetime().nullable(),
  created_at: z.iso.datetime(),
})

async function add(t: Test, user: Owner, body: object): Promise<z.infer<typeof Source>> {
  const response = await front.action(user, '/database/sources', { method: 'POST', body })
  t.equal(response.status, 201)
  return Source.parse(await response.json())
}

/** A plain array, not wrapped. */
async function list(t: Test, user: Owner): Promise<z.infer<typeof Source>[]> {
  const response = await front.action(user, '/database/sources')
  t.equal(response.status, 200)
  return z.array(Source).parse(await response.json())
}

t.test('sources are a plain list: one is added, found and deleted', async (t) => {
  const user = test.user()
  const { user_id } = z.object({ user_id: z.uuid() }).parse(await (await front.action(user, '/users/me')).json())
  t.same(await list(t, user), [])
  const source = await add(t, user, SOURCE)
  t.match(source, { ...SOURCE, user_id, is_active: true, last_scraped_at: null })
  t.same(await add(t, user, SOURCE), source, 'the same one again is the one there is')
  const other = await add(t, user, { ...SOURCE, url: 'http://b.example' })
  t.same(await list(t, user), [other, source], 'newest first')

  const deleted = await front.action(user, `/database/sources/${source.id}`, { method: 'DELETE' })
  t.equal(deleted.status, 200)
  t.match(await deleted.json(), { success: true, message: /./ })
  t.same(await list(t, user), [other])
  t.equal((await front.action(user, `/database/sources/${source.id}`, { method: 'DELETE' })).status, 404)
})

t.test('a source of somebody else is as absent as none', async (t) => {
  const [dana, kim] = [test.user(), test.user()]
  const { id } = await add(t, dana, SOURCE)
  t.same(await list(t, kim), [])
  const bodies = []
  for (const asked of [id, '999999999', '2147483648', 'abc', '0']) {
    const response = await front.action(kim, `/database/sources/${asked}`, { method: 'DELETE' })
    t.equal(response.status, 404)
    bodies.push(await response.text())
  }
  t.equal(new Set(bodies).size, 1, 'byte for byte')
  t.equal((await list(t, dana)).length, 1)
  t.not((await add(t, kim, SOURCE)).id, id, 'hers is one of her own')
})

t.test('only an address of the web is taken, and only from whoever is signed in', async (t) => {
  const user = test.user()
  for (const url of [
    '',
    'example.com',
    'ftp://a.example',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'https://',
    'http:a',
    'https://a b',
    7,
    null,
  ]) {
    const response = await front.action(user, '/database/sources', { method: 'POST', body: { ...SOURCE, url } })
    t.equal(response.status, 400, String(url))
    t.match(await response.json(), { status: 'error', message: /url: / })
  }
  t.equal((await front.action(user, '/database/sources', { method: 'POST', body: { ...SOURCE, website: ' ' } })).status, 400)
  for (const [method, path] of [['GET', '/database/sources'], ['POST', '/database/sources'], ['DELETE', '/database/sources/1']] as const) // biome-ignore format: a table
    t.equal((await front.open(path, { method })).status, 401, `${method} ${path}`)
})
