import t, { type Test } from 'tap'
import * as z from 'zod'
import { type Owner, testApp } from '../setup/app.ts'
import { frontend } from '../setup/frontend.ts'

// Contract, section 4.9: what is to let, as the rental pages list, enter, change and delete it.
const test = await testApp(t)
const front = await frontend(t, test)

// What the form of /rentals/new sends; fields that were left blank are absent.
const FORM = {
  property_address: '12 Elm St, Austin, TX',
  price: 1850,
  bedrooms: 2,
  bathrooms: 1.5,
  square_feet: 900,
  description: 'Corner unit',
  available_date: '2026-12-15',
  contact_info: '555-0100',
}
const BLANK = { property_address: '8 Oak Avenue', price: 0, bedrooms: 0, bathrooms: 1 }

const instant = z.iso.datetime()
const orNull = z.string().nullable()
/** Every field that a page reads, with the type it reads. */
const Rental = z.strictObject({
  id: z.int().positive(), // the list and the edit page turn it into text and back
  user_id: z.string(),
  property_address: z.string(),
  price: z.number(),
  bedrooms: z.number(),
  bathrooms: z.number(),
  square_feet: z.int().nullable(),
  property_type: orNull,
  available_date: z
    .string()
    .regex(/^\d{4}-\d\d-\d\dT00:00:00$/)
    .nullable(), // local midnight, without an offset
  description: orNull,
  contact_info: orNull,
  website: orNull,
  url: orNull,
  source_type: z.enum(['manual', 'scraped']),
  published: z.boolean(),
  created_at: instant,
  updated_at: instant,
  availability_status: z.string(),
  days_until_available: z.int().min(0),
})
const Listing = z.strictObject({
  status: z.literal('success'),
  total_available: z.int(),
  current_date: z.iso.date(),
  rentals: z.array(Rental),
})
const Status = z.strictObject({
  status: z.literal('success'),
  database_stats: z.strictObject({
    total_rentals: z.int().min(0),
    websites_tracked: z.int().min(0),
    last_updated: instant.nullable(),
    websites: z.record(z.string(), z.strictObject({ rental_count: z.int(), last_scraped: instant })),
  }),
})
const Problem = z.object({ status: z.literal('error'), message: z.string(), detail: z.string(), error: z.string() })

async function listed(t: Test, response: Response): Promise<z.infer<typeof Rental>[]> {
  t.equal(response.status, 200)
  const { current_date, rentals, total_available } = Listing.parse(await response.json())
  t.equal(current_date, '2026-11-29', 'the day in Chicago')
  t.equal(total_available, rentals.length)
  return rentals
}

async function create(t: Test, user: Owner, body: object): Promise<z.infer<typeof Rental>> {
  const response = await front.action(user, '/rentals', { method: 'POST', body })
  t.equal(response.status, 201)
  return Rental.parse(await response.json())
}

async function stats(response: Response) {
  return Status.parse(await response.json()).database_stats
}

t.test('before anything was entered the list is empty and the dashboard shows zeros, not failures', async (t) => {
  t.same(await listed(t, await front.open('/database/available')), [])
  const response = await front.open('/database/status')
  t.equal(response.status, 200)
  t.same(await stats(response), { total_rentals: 0, websites_tracked: 0, last_updated: null, websites: {} })
})

t.test('a property is created, opened by its id in the open list, edited and deleted', async (t) => {
  const user = test.user()
  const { user_id } = z.object({ user_id: z.string().min(1) }).parse(await (await front.action(user, '/users/me')).json())
  const rental = await create(t, user, FORM)
  t.same(rental, {
    id: rental.id,
    user_id,
    ...FORM,
    available_date: '2026-12-15T00:00:00',
    property_type: null,
    website: null,
    url: null,
    source_type: 'manual',
    published: true,
    created_at: rental.created_at,
    updated_at: rental.updated_at,
    availability_status: 'Available December 15',
    days_until_available: 16,
  })

  const shown = { ...rental, user_id: '', contact_info: null }
  t.same(await listed(t, await front.open('/database/available')), [shown], 'by the server')
  const { response, preflight } = await front.page('/database/available')
  t.equal(preflight, undefined)
  t.equal(response.headers.get('access-control-allow-origin'), 'http://localhost:3000')
  t.equal(response.headers.get('cache-control'), 'no-store')
  t.same(await listed(t, response), [shown], 'by a page')
  t.same(await listed(t, await front.action(user, '/database/available')), [rental], 'by its owner, who alone sees how to be reached')

  const { property_address, ...editable } = FORM
  const edited = await front.action(user, `/rentals/${rental.id}`, { method: 'PATCH', body: { ...editable, price: 1795.5, bedrooms: 3 } })
  t.equal(edited.status, 200)
  const after = Rental.parse(await edited.json())
  t.same(after, { ...rental, price: 1795.5, bedrooms: 3, updated_at: after.updated_at })
  t.ok(after.updated_at > rental.updated_at)
  t.match(await listed(t, await front.open('/database/available')), [{ id: rental.id, price: 1795.5, bedrooms: 3 }], 'at once')

  const deleted = await front.action(user, `/rentals/${rental.id}`, { method: 'DELETE' })
  t.equal(deleted.status, 200)
  t.match(await deleted.json(), { success: true, message: /./ })
  t.same(await listed(t, await front.open('/database/available')), [])
  t.equal((await front.action(user, `/rentals/${rental.id}`, { method: 'DELETE' })).status, 404)
})

t.test('what the form left blank is null, never missing and never a text', async (t) => {
  const user = test.user()
  const rental = await create(t, user, BLANK)
  t.match(rental, {
    ...BLANK,
    square_feet: null,
    description: null,
    contact_info: null,
    available_date: null,
    availability_status: 'Available now',
    days_until_available: 0,
  })
  const kept = await front.action(user, `/rentals/${rental.id}`, { method: 'PATCH', body: { contact_info: '555-0101' } })
  t.match(Rental.parse(await kept.json()), { ...BLANK, contact_info: '555-0101' }, 'blank fields of the edit form are absent and stay')
  await front.action(user, `/rentals/${rental.id}`, { method: 'DELETE' })
})

t.test('without a token everybody finds the rentals of all owners, with hers an owner finds her own', async (t) => {
  const [dana, kim] = [test.user(), test.user()]
  const made = async (user: Owner, property_address: string) => (await create(t, user, { ...BLANK, property_address })).id
  const first = await made(dana, '1 First St')
  const second = await made(kim, '2 Second St')
  const third = await made(dana, '3 Third St')
  const ids = async (response: Response) => (await listed(t, response)).map(({ id }) => id)
  t.same(await ids(await front.open('/database/available')), [third, second, first], 'newest first')
  t.same(await ids(await front.action(dana, '/database/available')), [third, first])
  t.same(await ids(await front.action(kim, '/database/available')), [second])
  t.same(await ids(await front.action(test.user(), '/database/available')), [], 'nobody sees others as her own')
  for (const token of ['wrong', 'undefined', test.world.clerk.token(dana.clerkUserId, { exp: 1 })]) {
    const response = await front.action(dana, '/database/available', { token })
    t.equal(response.status, 401)
    t.match(await response.json(), { status: 'error', code: 'not_signed_in', message: /Sign in/ })
  }
})

t.test('the dashboard counts what everybody may see', async (t) => {
  const before = await stats(await front.open('/database/status'))
  const user = test.user()
  const website = { ...BLANK, website: 'example-rentals.com' }
  await create(t, user, website)
  const { updated_at } = await create(t, user, website)
  await create(t, user, { ...website, published: false })
  const response = await front.open('/database/status')
  t.equal(response.status, 200)
  t.same(await stats(response), {
    total_rentals: before.total_rentals + 2,
    websites_tracked: 1,
    last_updated: updated_at,
    websites: { 'example-rentals.com': { rental_count: 2, last_scraped: updated_at } },
  })
  const own = await stats(await front.action(user, '/database/status'))
  t.match(own, { total_rentals: 3, websites_tracked: 1, websites: { 'example-rentals.com': { rental_count: 3 } } })
  t.equal((await front.action(user, '/database/status', { token: 'wrong' })).status, 401)

  const there = await listed(t, await front.open('/database/rentals/example-rentals.com'))
  t.same(
    there.map((rental) => rental.website),
    ['example-rentals.com', 'example-rentals.com'],
  )
  t.same(await listed(t, await front.open('/database/rentals/nowhere.example')), [])
  t.equal((await listed(t, await front.action(user, '/database/rentals/example-rentals.com'))).length, 3)
})

t.test('a rental of somebody else is as absent as none', async (t) => {
  const [dana, kim] = [test.user(), test.user()]
  const { id } = await create(t, dana, FORM)
  for (const method of ['PATCH', 'DELETE'] as const) {
    const bodies = []
    for (const asked of [String(id), '999999999', '2147483648', '0', '-1', '1.5', 'abc', `${id}x`, '%20']) {
      const call = { method, ...(method === 'PATCH' ? { body: { price: 1 } } : {}) }
      const response = await front.action(kim, `/rentals/${asked}`, call)
      t.equal(response.status, 404, `${method} ${asked}`)
      bodies.push(await response.text())
    }
    t.equal(new Set(bodies).size, 1, 'byte for byte')
  }
  t.match(await listed(t, await front.action(dana, '/database/available')), [{ id, price: FORM.price }])
})

t.test('whoever is not signed in enters, changes and deletes nothing', async (t) => {
  const body = JSON.stringify(FORM)
  const headers = { 'Content-Type': 'application/json' }
  for (const [method, path] of [
    ['POST', '/rentals'],
    ['PATCH', '/rentals/1'],
    ['DELETE', '/rentals/1'],
  ] as const) {
    // biome-ignore format: a table
    const response = await front.open(path, { method, headers, ...(method === 'DELETE' ? {} : { body }) })
    t.equal(response.status, 401, `${method} ${path}`)
    t.match(await response.json(), { status: 'error', message: /./ })
  }
})

t.test('what does not fit is refused with a sentence that the form can show', async (t) => {
  const user = test.user()
  const response = await front.action(user, '/rentals', { method: 'POST', body: { ...FORM, price: -1 } })
  t.equal(response.status, 400)
  const { message, detail, error } = Problem.parse(await response.json())
  t.equal(message, 'The request does not fit. price: must be a number of dollars, from 0 to 10000000.')
  t.same([detail, error], [message, message])
})
