import { listCalls } from '../../src/db/call-lists.ts'
import { insertCall } from '../../src/db/calls.ts'
import { takeChannel } from '../../src/db/channels.ts'
import { inTenant } from '../../src/db/client.ts'
import { addDeliveries } from '../../src/db/notice-deliveries.ts'
import { listNotices, tellOwner } from '../../src/db/notices.ts'
import { leaveMessage } from '../../src/messages/leave.ts'
import type { Owner, TestApp } from './app.ts'

interface Resource {
  /** The beginning of every path below which one of these is meant. */
  path: string
  /** Makes one that belongs to this user. @returns its id */
  make(test: TestApp, owner: Owner): Promise<string>
  /** An id of the same form that nobody has. */
  absent: string
}

async function post(test: TestApp, owner: Owner, url: string, payload: object): Promise<Record<string, unknown>> {
  const reply = await test.app.inject({ method: 'POST', url, headers: owner.headers(), payload })
  if (reply.statusCode >= 300) throw new Error(`${url} answered ${reply.statusCode} ${reply.body}`)
  return reply.json()
}

const NOBODY = { callerName: null, callNumber: null, phone: null, email: null }
const MESSAGE = { ...NOBODY, wishedTime: null, address: null, vapiCallId: null, operation: null, isBelieved: true }

/** Everything that has an id in a path. A route with a path that is not here makes the tests fail that go through all routes. */
const resources: Resource[] = [
  {
    path: '/agents/{agent_id}',
    make: async (test, owner) => String((await post(test, owner, '/agents', { agent_name: 'Desk' })).agent_id),
    absent: '2000000000',
  },
  {
    path: '/businesses/{business_id}',
    make: async (test, owner) => {
      const reply = await test.app.inject({ url: '/businesses', headers: owner.headers() })
      return reply.json().businesses[0].id
    },
    absent: '00000000-0000-4000-8000-000000000000',
  },
  {
    path: '/calendar/connections/{id}',
    make: async (test, owner) => {
      const reply = await test.app.inject({ url: '/calendar/connections', headers: owner.headers() })
      return reply.json().connections[0].id
    },
    absent: '00000000-0000-4000-8000-000000000000',
  },
  {
    path: '/webhooks/calendar/{channel}',
    make: ({ deps }, { clerkUserId }) =>
      inTenant(deps.db, clerkUserId, async (trx) => {
        const { id: connectionId } = await trx.selectFrom('oauthTokens').select('id').executeTakeFirstOrThrow()
        return (await takeChannel(trx, { clerkUserId, connectionId, id: crypto.randomUUID(), secret: 'v1.k1.x' })).id
      }),
    absent: '00000000-0000-4000-8000-000000000000',
  },
  {
    path: '/notices/{id}',
    make: async ({ deps }, { clerkUserId }) =>
      inTenant(deps.db, clerkUserId, async (trx) => {
        await tellOwner(trx, { clerkUserId, kind: 'booking_created', text: 'Ana booked a viewing.', onceKey: null })
        const [notice] = await listNotices(trx, clerkUserId, { atMost: 1, after: undefined, unread: false })
        return notice?.id ?? ''
      }),
    absent: '00000000-0000-4000-8000-000000000000',
  },
  {
    path: '/notices/deliveries/{id}',
    make: async ({ deps }, { clerkUserId }) =>
      inTenant(deps.db, clerkUserId, async (trx) => {
        const notice = { clerkUserId, kind: 'booking_created', text: 'Ana booked a viewing.', onceKey: null } as const
        const id = (await tellOwner(trx, notice)) ?? ''
        const [delivery] = await addDeliveries(trx, { ...notice, id }, { mail: true, customer: false })
        return delivery?.id ?? ''
      }),
    absent: '00000000-0000-4000-8000-000000000000',
  },
  {
    path: '/bookings/{id}',
    make: async (test, owner) => {
      const times = { start_time: '2026-12-01T09:00:00-06:00', end_time: '2026-12-01T09:30:00-06:00' }
      await post(test, owner, '/calendar/events', { subject: 'Viewing', ...times })
      const reply = await test.app.inject({ url: '/bookings', headers: owner.headers() })
      return reply.json().bookings[0].id
    },
    absent: '00000000-0000-4000-8000-000000000000',
  },
  {
    path: '/calls/{id}',
    make: ({ deps }, { clerkUserId }) =>
      inTenant(deps.db, clerkUserId, async (trx) => {
        const call = {
          clerkUserId,
          vapiCallId: crypto.randomUUID(),
          isBelieved: true,
          status: 'ended' as const,
          createdAt: deps.clock.now(),
        }
        await insertCall(trx, call, deps.clock.now())
        const [made] = await listCalls(trx, clerkUserId, { limit: 1 })
        return made?.id ?? ''
      }),
    absent: '00000000-0000-4000-8000-000000000000',
  },
  {
    path: '/customers/{number}',
    make: async ({ deps }, owner) => {
      const callNumber = `+1312555${Math.trunc(1000 + Math.random() * 9000)}`
      await leaveMessage(deps, owner.clerkUserId, { ...MESSAGE, callNumber, words: 'Please call.' })
      return callNumber
    },
    absent: '+13125550000',
  },
  {
    path: '/messages/{message_id}',
    make: async ({ deps }, owner) => (await leaveMessage(deps, owner.clerkUserId, { ...MESSAGE, words: crypto.randomUUID() })).id,
    absent: '00000000-0000-4000-8000-000000000000',
  },
  {
    path: '/rentals/{rental_id}',
    make: async (test, owner) =>
      String((await post(test, owner, '/rentals', { property_address: '12 Elm St', price: 1850, bedrooms: 2, bathrooms: 1.5 })).id),
    absent: '2000000000',
  },
  {
    path: '/database/sources/{source_id}',
    make: async (test, owner) =>
      String((await post(test, owner, '/database/sources', { website: 'a.example', url: 'https://a.example/list' })).id),
    absent: '2000000000',
  },
  {
    path: '/database/rentals/{website}',
    make: async () => 'a.example',
    absent: 'b.example',
  },
  // One who is nobody else's business: the operation may delete her.
  { path: '/users/by-clerk-id/{clerk_user_id}', make: visitor, absent: 'user_2nobody' },
  { path: '/users/{user_id}/calendar-status', make: visitor, absent: 'user_2nobody' },
]

async function visitor(test: TestApp): Promise<string> {
  const user = test.user()
  await test.app.inject({ url: '/users/me', headers: user.headers() })
  return user.clerkUserId
}

/** What the id in an operation's path means. @throws Error for a path of which nobody has said it */
export function resourceOf(path: string): Resource | undefined {
  if (!path.includes('{')) return undefined
  const found = resources.find((one) => path === one.path || path.startsWith(`${one.path}/`))
  if (!found) throw new Error(`test/setup/resources.ts does not say how one of ${path} is made`)
  return found
}

/** The path with this id in it, and 1 for what it numbers below: the first one. */
export function withId(path: string, id: string): string {
  return path.replace(/\{\w+\}/, encodeURIComponent(id.toWellFormed())).replaceAll(/\{\w+\}/g, '1')
}
