import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { inTenant } from '../../src/db/client.ts'
import { sharing } from '../../src/sharing.ts'
import { type Owner, testApp } from '../setup/app.ts'

const FORM = { property_address: '12 Elm St', price: 1850, bedrooms: 2, bathrooms: 1.5 }
const test = await testApp(t, { LIMIT_REST_PER_MINUTE: '1000' })
const { app, deps } = test

async function add(user: Owner, payload: object = FORM): Promise<number> {
  const reply = await app.inject({ method: 'POST', url: '/rentals', headers: user.headers(), payload })
  if (reply.statusCode !== 201) throw new Error(`${reply.statusCode} ${reply.body}`)
  return reply.json().id
}

async function listed(url = '/database/available'): Promise<number[]> {
  return (await app.inject(url)).json().rentals.map((one: { id: number }) => one.id)
}

/** As many as one owner may have, without a request for each. */
async function fill(user: Owner, website: string): Promise<void> {
  await add(user)
  const { clerkUserId } = user
  const rows = Array.from({ length: 999 }, (_, index) => {
    const { property_address: propertyAddress, ...rest } = FORM
    return { clerkUserId, propertyAddress: `${index} ${propertyAddress}`, ...rest, website }
  })
  await inTenant(deps.db, clerkUserId, (trx) => trx.insertInto('rentals').values(rows).execute())
}

t.test("whoever fills the list crowds out nobody's rentals but those of the fullest, and a new one is always there", async (t) => {
  const small = test.user()
  const first = [
    await add(small, { ...FORM, website: 'example-rentals.com' }),
    await add(small, { ...FORM, website: 'example-rentals.com' }),
  ]
  for (const flooder of [test.user(), test.user(), test.user()]) await fill(flooder, 'example-rentals.com')
  const ids = await listed()
  t.equal(ids.length, 2000)
  t.same(
    ids,
    [...ids].sort((a, b) => b - a),
    'newest first',
  )
  for (const id of first) t.ok(ids.includes(id))
  const site = await listed('/database/rentals/Example-Rentals.com')
  t.same([site.length, first.every((id) => site.includes(id))], [2000, true])
  const latest = await add(small)
  t.equal((await listed())[0], latest)
})

t.test('what an owner has just added is in the list, however many ask for it at the same time', async (t) => {
  const user = test.user()
  let asking = true
  const crowd = Array.from({ length: 20 }, async () => {
    while (asking) t.equal((await app.inject('/database/available')).statusCode, 200)
  })
  for (let round = 0; round < 5; round += 1) {
    const id = await add(user)
    t.ok((await listed()).includes(id))
  }
  asking = false
  await Promise.all(crowd)
})

t.test('however many ask at once, the database is asked one at a time, and each sees what was true when it came', async (t) => {
  let [truth, runs, atOnce, most] = [0, 0, 0, 0]
  const read = sharing(async (_key: string) => {
    runs += 1
    atOnce += 1
    most = Math.max(most, atOnce)
    const seen = truth
    await delay(20)
    atOnce -= 1
    if (seen === 2) throw new Error('away')
    return seen
  })
  const crowd = (size: number) => Array.from({ length: size }, () => read('all'))
  const first = read('all')
  truth = 1
  const seconds = crowd(50)
  t.equal(await first, 0)
  truth = 2
  const thirds = Promise.allSettled(crowd(50))
  t.same(new Set(await Promise.all(seconds)), new Set([1]))
  truth = 3
  const fourths = crowd(50)
  t.same(new Set((await thirds).map(({ status }) => status)), new Set(['rejected']))
  t.same(new Set(await Promise.all(fourths)), new Set([3]), 'a failure is for those alone who waited for it')
  t.same([runs, most], [4, 1])
  t.equal(await read('all'), 3)
})

t.test('rentals of a user who is being deleted are not advertised any more', async (t) => {
  const fresh = await testApp(t)
  const owner = await fresh.owner()
  await fresh.app.inject({ method: 'POST', url: '/rentals', headers: owner.headers(), payload: { ...FORM, website: 'a.example' } })
  fresh.world.google.faults.add({ kind: 'status', status: 500, path: /revoke/, times: Number.POSITIVE_INFINITY })
  const headers = { authorization: `Bearer ${fresh.deps.config.userSyncSecret}` }
  await fresh.app.inject({ method: 'DELETE', url: `/users/by-clerk-id/${owner.clerkUserId}`, headers })
  const left = await inTenant(fresh.deps.db, owner.clerkUserId, (trx) => trx.selectFrom('rentals').select('id').execute())
  t.equal(left.length, 1, 'her rows wait for her vendor')
  t.same((await fresh.app.inject('/database/available')).json().rentals, [])
  t.match((await fresh.app.inject('/database/status')).json().database_stats, { total_rentals: 0, websites: {} })
})
