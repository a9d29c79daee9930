import t from 'tap'
import { inTenant } from '../../src/db/client.ts'
import { findUser } from '../../src/db/users.ts'
import { type Owner, testApp } from '../setup/app.ts'

const test = await testApp(t)
const { app, deps } = test
const SENTINEL = 'call Dana on 555-0199'
const HIDDEN = 'Not yet for anybody, 5 Secret Lane'

const post = (user: Owner, url: string, payload: object) => app.inject({ method: 'POST', url, headers: user.headers(), payload })
const form = { property_address: '1 Open Road', price: 1000, bedrooms: 1, bathrooms: 1, website: 'example-rentals.com' }

t.test("contact details, owners and unpublished rentals are in no answer without their owner's token", async (t) => {
  const [dana, kim] = [test.user(), await test.owner()]
  const shown = (await post(dana, '/rentals', { ...form, contact_info: SENTINEL })).json()
  const hidden = (await post(dana, '/rentals', { ...form, property_address: HIDDEN, published: false })).json()
  await post(kim, '/rentals', { ...form, property_address: '2 Other Road' })
  const source = (await post(dana, '/database/sources', { website: 'dana-only.example', url: 'https://dana-only.example' })).json()
  t.match([shown.contact_info, hidden.published], [SENTINEL, false])
  const { id: userId } = (await inTenant(deps.db, dana.clerkUserId, (trx) => findUser(trx, dana.clerkUserId))) ?? {}
  t.equal(shown.user_id, userId)

  const paths = ['/database/available', '/database/rentals/example-rentals.com', '/database/status']
  const answers = []
  for (const url of paths) {
    for (const query of ['', `?user_id=${dana.clerkUserId}`, `?clerk_user_id=${userId}&published=false`]) {
      answers.push(await app.inject(url + query), await app.inject({ url: url + query, headers: kim.headers() }))
    }
  }
  answers.push(await app.inject({ url: '/database/sources', headers: kim.headers() }))
  for (const parameters of [{}, { location: 'Secret Lane' }, { website: 'example-rentals.com' }]) {
    const said = JSON.stringify(await kim.call('search_rentals', { ...parameters, user_id: dana.clerkUserId }))
    t.notMatch(said, 'Open Road', 'on her line a caller hears of her rentals alone')
    answers.push({ statusCode: 200, body: said })
  }
  for (const change of [`/rentals/${shown.id}`, `/database/sources/${source.id}`])
    answers.push(await app.inject({ method: 'DELETE', url: change, headers: kim.headers() }))
  t.ok(answers.length > 20)
  for (const { body } of answers) {
    for (const secret of [SENTINEL, '555-0199', HIDDEN, 'dana-only', dana.clerkUserId, String(userId), dana.email]) t.notMatch(body, secret)
  }

  const open = (await app.inject('/database/available')).json()
  t.same(open.rentals.map((one: { id: number }) => one.id).includes(hidden.id), false)
  t.match(open.rentals.at(-1), { id: shown.id, user_id: '', contact_info: null, published: true })
  for (const url of paths.slice(0, 2)) {
    const own = (await app.inject({ url, headers: dana.headers() })).json()
    t.match(
      own.rentals,
      [
        { id: hidden.id, user_id: userId },
        { id: shown.id, user_id: userId, contact_info: SENTINEL },
      ],
      'she has all of it',
    )
    t.equal(own.rentals.length, 2)
  }
  t.equal((await app.inject({ url: '/database/sources', headers: dana.headers() })).json().length, 1)
})

t.test('what is taken back is gone for everybody at once, and what is published is there', async (t) => {
  const dana = test.user()
  const { id } = (await post(dana, '/rentals', form)).json()
  const set = (published: boolean) =>
    app.inject({ method: 'PATCH', url: `/rentals/${id}`, headers: dana.headers(), payload: { published } })
  const isOpen = async () => (await app.inject('/database/available')).body.includes(`"id":${id},`)
  t.ok(await isOpen())
  t.match((await set(false)).json(), { id, published: false })
  t.notOk(await isOpen())
  t.match((await set(true)).json(), { id, published: true })
  t.ok(await isOpen())
})

t.test('ids are one row of numbers over all owners, so that an address of the frontend names one rental', async (t) => {
  const users = [test.user(), test.user(), test.user()]
  const made = await Promise.all(users.flatMap((user) => [post(user, '/rentals', form), post(user, '/rentals', form)]))
  const ids = made.map((reply) => reply.json().id)
  t.equal(new Set(ids).size, 6)
  for (const id of ids) t.ok(Number.isInteger(id))
})
