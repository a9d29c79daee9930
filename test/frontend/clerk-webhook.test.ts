import t, { type Test } from 'tap'
import { inTenant } from '../../src/db/client.ts'
import { type Owner, testApp } from '../setup/app.ts'
import { deletion, deliver, forward, type UserEvent } from '../setup/clerk-webhook.ts'
import { frontend } from '../setup/frontend.ts'
import { objectIn } from '../setup/json.ts'
import { clerkUser } from '../world/clerk/users.ts'

// Contract, section 5: what the frontend's Clerk webhook forwards, lost, doubled and out of order; and the same from Clerk itself.
const SEED = Number(process.env.EVENTS_SEED ?? 20261129)
const test = await testApp(t)
const { url, action } = await frontend(t, test)
const { clerk } = test.world
const T0 = Date.parse('2026-11-01T10:00:00Z')

/** Small and repeatable: the same seed gives the same orders. */
function randomFrom(seed: number) {
  let state = seed
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  return {
    next,
    shuffled: <T>(items: T[]): T[] =>
      items
        .map((item) => ({ item, at: next() }))
        .sort((one, other) => one.at - other.at)
        .map(({ item }) => item),
  }
}

/** A life at Clerk: she signs up, changes her name, then her address and name, and at last leaves if she is to. */
function life({ leaves }: { leaves: boolean }) {
  const user = clerkUser({ email: 'ana@example.com', firstName: 'Ana' }, T0)
  const name = { first_name: 'Ana Maria', last_name: 'Ruiz' }
  const { email_addresses, primary_email_address_id } = clerkUser({ email: 'maria@example.com' }, T0)
  const address = { email_addresses, primary_email_address_id }
  const created: UserEvent = { type: 'user.created', data: user }
  const renamed: UserEvent = { type: 'user.updated', data: { ...user, ...name, updated_at: T0 + 1000 } }
  const moved: UserEvent = { type: 'user.updated', data: { ...user, ...name, last_name: 'Ruiz Soto', ...address, updated_at: T0 + 2000 } }
  const deleted = deletion(user.id)
  return { user, created, renamed, moved, deleted, events: [created, renamed, moved, ...(leaves ? [deleted] : [])] }
}

/** All that we hold of her, but when it was written. */
function stateOf(clerkUserId: string) {
  return inTenant(test.deps.db, clerkUserId, async (trx) => ({
    users: await trx.selectFrom('users').select(['email', 'firstName', 'lastName', 'fullName', 'clerkUpdatedAt', 'deletedAt']).execute(),
    businesses: await trx.selectFrom('businesses').select(['name', 'email']).execute(),
    deleted: (await trx.selectFrom('deletedUsers').select('clerkUserId').execute()).length,
  }))
}

const HERE = {
  users: [
    {
      email: 'maria@example.com',
      firstName: 'Ana Maria',
      lastName: 'Ruiz Soto',
      fullName: 'Ana Maria Ruiz Soto',
      clerkUpdatedAt: new Date(T0 + 2000),
      deletedAt: null,
    },
  ],
  businesses: [{ name: 'Ana Maria Ruiz Soto', email: 'maria@example.com' }],
  deleted: 0,
}
const GONE = { users: [], businesses: [], deleted: 1 }

function permutations<T>(items: T[]): T[][] {
  if (items.length < 2) return [items]
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]))
}

async function ok(t: Test, response: Response, what: string) {
  const body = await objectIn(response)
  t.ok(response.status === 200 || response.status === 201, `${what}: ${response.status} ${JSON.stringify(body)}`)
}

const ways: [name: string, send: (event: UserEvent) => Promise<Response>][] = [
  ['forwarded by the frontend', (event) => forward(url, clerk, event)],
  ['from Clerk itself', (event) => deliver(url, clerk, event)],
]

for (const [name, send] of ways) {
  t.test(`${name}: each event in turn does what it says`, async (t) => {
    const { user, created, renamed, moved, deleted } = life({ leaves: true })
    for (const [event, expected] of [
      [created, { users: [{ email: 'ana@example.com', fullName: 'Ana' }] }],
      [renamed, { users: [{ email: 'ana@example.com', fullName: 'Ana Maria Ruiz' }] }],
      [moved, HERE],
      [deleted, GONE],
    ] as const) {
      await ok(t, await send(event), event.type)
      t.match(await stateOf(user.id), expected, event.type)
    }
  })

  for (const leaves of [false, true]) {
    t.test(`${name}: ${leaves ? 'a whole life' : 'a life that goes on'} in every order ends in the same state`, async (t) => {
      const { events } = life({ leaves })
      for (const order of permutations(events.map((_, index) => index))) {
        const again = life({ leaves })
        for (const index of order) {
          const event = again.events[index]
          if (event) await ok(t, await send(event), `${order} ${event.type}`)
        }
        t.same(await stateOf(again.user.id), leaves ? GONE : HERE, `order ${order}`)
      }
    })
  }
}

t.test(`doubled, by both ways, one after the other or at once: the same state (seed ${SEED})`, async (t) => {
  const random = randomFrom(SEED)
  for (let round = 0; round < 30; round += 1) {
    const leaves = random.next() < 0.5
    const { user, events } = life({ leaves })
    const sends = random.shuffled(
      [...events, ...events].map((event) => {
        const [, send] = ways[random.next() < 0.5 ? 0 : 1] ?? ways[0] ?? []
        return () => (send ? send(event) : Promise.reject(new Error('no way')))
      }),
    )
    const isParallel = random.next() < 0.5
    if (isParallel) await Promise.all(sends.map(async (send) => ok(t, await send(), `round ${round}`)))
    else for (const send of sends) await ok(t, await send(), `round ${round}`)
    t.same(
      await stateOf(user.id),
      leaves ? GONE : HERE,
      `round ${round}, ${isParallel ? 'at once' : 'in turn'}, ${leaves ? 'leaves' : 'stays'}`,
    )
  }
})

t.test('her own first visits among all that change nothing about how it ends', async (t) => {
  const random = randomFrom(SEED)
  for (let round = 0; round < 8; round += 1) {
    const leaves = round % 2 === 1
    const { user, events } = life({ leaves })
    clerk.users.set(user.id, user)
    const her: Owner = { ...test.user(), clerkUserId: user.id }
    const visit = async () => {
      const { status } = await action(her, '/users/me')
      t.ok(status === 200 || (leaves && status === 401), `round ${round}: ${status}`)
    }
    const all = [...events, ...events].map((event) => async () => ok(t, await forward(url, clerk, event), `round ${round}`))
    await Promise.all(random.shuffled([...all, visit, visit, visit, visit]).map((one) => one()))
    t.same(await stateOf(user.id), leaves ? GONE : HERE, `round ${round}`)
    t.equal((await action(her, '/users/me')).status, leaves ? 401 : 200)
  }
})

t.test('events that never arrive: any one of them is enough', async (t) => {
  const { user, moved } = life({ leaves: false })
  await ok(t, await forward(url, clerk, moved), 'only the last')
  t.same(await stateOf(user.id), HERE)
  const lost = life({ leaves: true })
  await ok(t, await forward(url, clerk, deletion(lost.user.id)), 'only the end')
  t.same(await stateOf(lost.user.id), GONE)
  for (const event of lost.events) await ok(t, await forward(url, clerk, event), `late ${event.type}`)
  t.same(await stateOf(lost.user.id), GONE)
})

t.test('a business that its owner has named keeps its name', async (t) => {
  const { user, created, renamed } = life({ leaves: false })
  await ok(t, await forward(url, clerk, created), 'created')
  await inTenant(test.deps.db, user.id, (trx) => trx.updateTable('businesses').set({ name: 'Elm Street Homes' }).execute())
  await ok(t, await forward(url, clerk, renamed), 'renamed')
  t.match((await stateOf(user.id)).businesses, [{ name: 'Elm Street Homes', email: 'ana@example.com' }])
})
