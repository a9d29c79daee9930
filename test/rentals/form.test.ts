import t from 'tap'
import { inTenant } from '../../src/db/client.ts'
import { insertSource } from '../../src/db/rental-sources.ts'
import { insertRental } from '../../src/db/rentals.ts'
import { NOW, type Owner, testApp } from '../setup/app.ts'

const test = await testApp(t, { LIMIT_REST_PER_MINUTE: '10000' })
const { app, deps } = test
const FORM = { property_address: '12 Elm St', price: 1850, bedrooms: 2, bathrooms: 1.5 }
const FULL = {
  ...FORM,
  square_feet: 900,
  property_type: 'flat',
  available_date: '2026-12-15',
  description: 'Corner unit',
  contact_info: '555-0100',
  website: 'example-rentals.com',
  url: 'https://example-rentals.com/12',
}

const create = (user: Owner, payload: object | string) =>
  app.inject({ method: 'POST', url: '/rentals', headers: { ...user.headers(), 'content-type': 'application/json' }, payload })
const change = (user: Owner, id: number, payload: object) =>
  app.inject({ method: 'PATCH', url: `/rentals/${id}`, headers: user.headers(), payload })

t.test('what does not fit is refused by name, on creating and on changing, and nothing is kept', async (t) => {
  const user = test.user()
  const { id } = (await create(user, FULL)).json()
  const before = (await app.inject({ url: '/database/available', headers: user.headers() })).body
  const wrong: [field: string, values: unknown[]][] = [
    ['price', [-1, -0.01, 10_000_001, 1e300, '1850', null, true, [1850]]],
    ['bedrooms', [-1, 101, '2', null]],
    ['bathrooms', [-0.5, 1000, 'one', null]],
    ['square_feet', [-1, 1.5, 1e10, '900']],
    [
      'available_date',
      ['2026-02-30', '2026-13-01', '12/15/2026', 'soon', '0000-01-01', '0999-12-31', '20261215', '2026-12-15T25:00:00', 7],
    ],
    ['description', ['x'.repeat(4001), 7, {}]],
    ['contact_info', ['x'.repeat(201), ['a']]],
    [
      'url',
      ['javascript:alert(1)', 'example.com', 'https://', 'https:// x', 'http://a b', 'https://dana:pw@a.example', 'https://:pw@a.example'],
    ],
    ['website', [7, 'x'.repeat(501)]],
    ['published', ['yes', 1, null]],
  ]
  for (const [field, values] of wrong) {
    for (const value of values) {
      for (const reply of [await create(user, { ...FORM, [field]: value }), await change(user, id, { [field]: value })]) {
        t.equal(reply.statusCode, 400, `${field} ${JSON.stringify(value).slice(0, 40)}`)
        t.match(reply.json().message, new RegExp(`^The request does not fit\\. ${field}: .*(must|expected|Invalid)`), field)
      }
    }
  }
  for (const field of ['property_address', 'price', 'bedrooms', 'bathrooms'])
    t.match((await create(user, { ...FORM, [field]: undefined })).json().message, `${field}: `)
  for (const property_address of ['', ' \n ', '\u202E\u200B', 'x'.repeat(201), null])
    t.equal((await create(user, { ...FORM, property_address })).statusCode, 400)
  for (const body of ['', '[]', 'null', '"x"']) t.equal((await create(user, body)).statusCode, 400, body)
  t.equal((await app.inject({ url: '/database/available', headers: user.headers() })).body, before)
})

t.test('numbers come back as the numbers that they were', async (t) => {
  const user = test.user()
  for (const numbers of [
    { price: 0, bedrooms: 0, bathrooms: 0, square_feet: 0 },
    { price: 1850.55, bedrooms: 2.5, bathrooms: 1.75, square_feet: 1 },
    { price: 10_000_000, bedrooms: 100, bathrooms: 100, square_feet: 10_000_000 },
  ]) {
    const made = (await create(user, { ...FORM, ...numbers })).json()
    t.match(made, numbers)
    const { rentals } = (await app.inject('/database/available')).json()
    t.match(rentals[0], { ...numbers, id: made.id }, 'in the open list too')
  }
})

t.test('a date is a day, whatever time is written behind it, and counted from the day it is in the default zone', async (t) => {
  const user = test.user()
  t.teardown(() => test.setNow(NOW))
  const shown = async (available_date: string | null) => {
    const { available_date: date, availability_status, days_until_available } = (await create(user, { ...FORM, available_date })).json()
    return [date, availability_status, days_until_available]
  }
  const christmas = ['2026-12-25T00:00:00', 'Available December 25', 26]
  for (const date of ['2026-12-25', '2026-12-25T00:00:00', '2026-12-25T23:59:59Z', '2026-12-25T00:00:00.000Z', '2026-12-25T00:30:00+14:00'])
    t.same(await shown(date), christmas, date)
  t.same(await shown('2026-11-29'), ['2026-11-29T00:00:00', 'Available now', 0], 'today')
  t.same(await shown('2026-11-30'), ['2026-11-30T00:00:00', 'Available November 30', 1], 'tomorrow')
  t.same(await shown('2020-02-29'), ['2020-02-29T00:00:00', 'Available now', 0], 'long ago')
  t.same(await shown('2027-11-28'), ['2027-11-28T00:00:00', 'Available November 28', 364])
  t.same(await shown('2028-11-29'), ['2028-11-29T00:00:00', 'Available November 29, 2028', 731])
  for (const none of [null, '']) t.same(await shown(none), [null, 'Available now', 0])

  test.setNow(new Date('2026-12-25T05:59:00Z'))
  const list = async () => (await app.inject('/database/available')).json()
  t.equal((await list()).current_date, '2026-12-24', 'it is still Christmas Eve in Chicago')
  t.match(await shown('2026-12-25'), ['2026-12-25T00:00:00', 'Available December 25', 1])
  test.setNow(new Date('2026-12-25T06:00:00Z'))
  const after = await list()
  t.equal(after.current_date, '2026-12-25')
  t.match(after.rentals[0], { availability_status: 'Available now', days_until_available: 0 })
})

t.test('only what is sent is changed; null and an empty text take an optional value away', async (t) => {
  const user = test.user()
  const made = (await create(user, FULL)).json()
  const sent = { ...FULL, id: 7, user_id: 'x', clerk_user_id: 'x', source_type: 'scraped', created_at: '2001-01-01T00:00:00Z' }
  const same = (await change(user, made.id, { ...sent, property_address: 'elsewhere' })).json()
  t.same(same, { ...made, updated_at: same.updated_at }, 'neither the address nor what is ours to say')
  t.match((await change(user, made.id, {})).json(), { ...made, updated_at: /./ })
  for (const [field, kept] of Object.entries(FULL).slice(4)) {
    for (const none of field === 'square_feet' ? [null] : [null, '']) {
      t.equal((await change(user, made.id, { [field]: none })).json()[field], null, `${field} taken away`)
      const back = (await change(user, made.id, { [field]: kept })).json()
      t.same(back, { ...made, updated_at: back.updated_at }, `${field} back, the rest untouched`)
    }
  }
})

t.test('texts are stored without what could break a line or turn it around', async (t) => {
  const user = test.user()
  const made = await create(user, {
    ...FORM,
    property_address: ' 12\tElm\u0000 St\u202E,\nAustin ',
    description: ' Two\u2028rooms.\r\n\r\nA\u0007 view.\u200B \n',
    contact_info: 'Dana\n555-0100',
    property_type: '\u202D',
    website: 'HTTPS://www.Example-Rentals.com/all?x=1',
  })
  t.match(made.json(), {
    property_address: '12 Elm St, Austin',
    description: 'Two\nrooms.\n\nA view.',
    contact_info: 'Dana 555-0100',
    property_type: null,
    website: 'example-rentals.com',
  })
  const { id } = (await create(user, { ...FORM, website: 'The Weekly' })).json()
  for (const website of ['the weekly', 'The Weekly', 'THE WEEKLY'])
    t.match(
      (await app.inject(`/database/rentals/${encodeURI(decodeURI(website))}`)).json().rentals,
      [{ id, website: 'The Weekly' }],
      website,
    )
  for (const website of ['Example-Rentals.com', 'www.example-rentals.com'])
    t.equal((await app.inject({ url: `/database/rentals/${website}`, headers: user.headers() })).json().rentals.length, 1, website)
  for (const website of ['%25', '_', '%00', "'", '%E2%80%AE'])
    t.same((await app.inject(`/database/rentals/${website}`)).json().rentals, [], website)
})

t.test('one owner cannot fill the list of all: there is a limit, and it says so', async (t) => {
  const [user, other] = [test.user(), test.user()]
  for (const one of [user, other]) await app.inject({ url: '/users/me', headers: one.headers() })
  const { clerkUserId } = user
  const row = { propertyAddress: 'x', price: 1, bedrooms: 1, bathrooms: 1, squareFeet: null, propertyType: null, availableDate: null }
  const rest = { description: null, contactInfo: null, website: null, url: null, published: true }
  await inTenant(deps.db, clerkUserId, async (trx) => {
    for (let index = 0; index < 999; index += 1) await insertRental(trx, clerkUserId, { ...row, ...rest })
    for (let index = 0; index < 99; index += 1) await insertSource(trx, clerkUserId, { website: 'x', url: `https://x.example/${index}` })
  })
  await Promise.all(Array.from({ length: 10 }, () => change(user, 0, {}))) // so that every connection is open
  const made = await Promise.all(Array.from({ length: 10 }, () => create(user, FORM)))
  t.equal(made.filter((reply) => reply.statusCode === 201).length, 1, 'of several at once one is the last')
  t.match(made.find((reply) => reply.statusCode === 409)?.json(), { code: 'limit_reached', message: /delete one/ })
  t.equal((await create(other, FORM)).statusCode, 201, 'others are not held up')
  const add = (url: string) =>
    app.inject({ method: 'POST', url: '/database/sources', headers: user.headers(), payload: { website: 'x', url } })
  t.equal((await add('https://x.example/99')).statusCode, 201)
  t.equal((await add('https://x.example/100')).statusCode, 409)
  t.equal((await add('https://x.example/99')).statusCode, 201, 'one that is there already is no more')
})

t.test('the same source ten times at once is one', async (t) => {
  const user = test.user()
  const payload = { website: 'example-rentals.com', url: 'https://example-rentals.com' }
  const add = () => app.inject({ method: 'POST', url: '/database/sources', headers: user.headers(), payload })
  await Promise.all(Array.from({ length: 10 }, () => change(user, 0, {})))
  const made = await Promise.all(Array.from({ length: 10 }, add))
  t.same(new Set(made.map((reply) => reply.statusCode)), new Set([201]))
  t.equal(new Set(made.map((reply) => reply.json().id)).size, 1)
})

t.test('a token counts against the limit of its user, no token against nobody', async (t) => {
  const narrow = await testApp(t, { LIMIT_REST_PER_MINUTE: '3' })
  const user = narrow.user()
  const ask = (headers = {}) => narrow.app.inject({ url: '/database/available', headers })
  for (let round = 0; round < 3; round += 1) t.equal((await ask(user.headers())).statusCode, 200)
  const refused = await ask(user.headers())
  t.equal(refused.statusCode, 429)
  t.ok(Number(refused.headers['retry-after']) > 0)
  for (let round = 0; round < 5; round += 1) t.equal((await ask()).statusCode, 200)
})
