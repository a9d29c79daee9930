import t, { type Test } from 'tap'
import * as z from 'zod'
import { buildApp } from '../../src/app.ts'
import { inTenant } from '../../src/db/client.ts'
import { add, again, both, otherThan, type Vendor, vendors } from '../oauth/setup.ts'
import { type Owner, testApp } from '../setup/app.ts'
import { frontend } from '../setup/frontend.ts'

// Contract, section 4.3: which calendar is connected, as the profile page, the dashboard and the test page read it.
const test = await testApp(t, { CORS_PREVIEW_PATTERN: 'https://ringbook-*-team.vercel.app' })
const { action, open, page } = await frontend(t, test)

const paths = { any: '/calendar/auth/status', google: '/calendar/google/auth/status' }

/** Every field that the section names, with its type, and no other. */
const Status = z.strictObject({
  user_id: z.string().min(1),
  user_email: z.string().min(1),
  authorized: z.boolean(),
  token_valid: z.boolean(),
  provider: z.enum(['microsoft', 'google']).nullable(),
  calendar_email: z.string().min(1).nullable(),
  calendar_name: z.string().min(1).nullable(),
  calendar_id: z.string().min(1).nullable(),
  calendar_link: z.url({ protocol: /^https$/ }).nullable(),
  calendar_verified: z.boolean(),
  calendar_error: z.string().min(1).nullable(),
  expires_at: z.iso.datetime().nullable(),
  expires_at_formatted: z
    .string()
    .regex(/^\d{1,2}:\d\d (AM|PM) on \w+day, \w+ \d{1,2}$/)
    .nullable(),
})

const NOT_CONNECTED = {
  authorized: false,
  token_valid: false,
  calendar_verified: false,
  provider: null,
  calendar_email: null,
  calendar_name: null,
  calendar_id: null,
  calendar_link: null,
  calendar_error: null,
  expires_at: null,
  expires_at_formatted: null,
}

/** As the frontend asks. It must always be 200 for whoever is signed in. */
async function status(t: Test, user: Owner, path = paths.any) {
  const response = await action(user, path)
  t.equal(response.status, 200)
  t.match(response.headers.get('content-type'), /^application\/json/)
  return Status.parse(await response.json())
}

function change({ clerkUserId }: Owner, values: { expiresAt?: Date; verifiedAt?: Date | null }) {
  return inTenant(test.deps.db, clerkUserId, (trx) => trx.updateTable('oauthTokens').set(values).execute())
}

t.test('not connected is 200 with nulls, and the e-mail of the user is there all the same', async (t) => {
  const user = test.user()
  for (const path of Object.values(paths))
    t.same(await status(t, user, path), { user_id: user.clerkUserId, user_email: user.email, ...NOT_CONNECTED })
})

t.test('a user of whom no e-mail is known has some text there, and not that of her calendar', async (t) => {
  const { id: clerkUserId } = test.world.clerk.addUser({})
  const nameless = { clerkUserId, email: '', headers: () => ({ authorization: `Bearer ${test.world.clerk.token(clerkUserId)}` }) }
  t.ok((await status(t, nameless)).user_email)
  const { email } = await add(test, nameless, vendors.google, 'destination')
  await inTenant(test.deps.db, clerkUserId, (trx) => trx.updateTable('users').set({ email: '' }).execute())
  const told = await status(t, nameless)
  t.equal(told.calendar_email, email)
  t.not(told.user_email, email, 'equality would raise a warning')
})

t.test('without a token it is 401 in JSON that a page may read, whatever user_id says', async (t) => {
  const { clerkUserId } = await test.owner()
  for (const path of Object.values(paths)) {
    for (const response of [await open(`${path}?user_id=${clerkUserId}`), (await page(`${path}?user_id=${clerkUserId}`)).response]) {
      t.equal(response.status, 401)
      const body = (await response.json()) as Record<string, unknown>
      t.match(body, { status: 'error', code: 'not_signed_in' })
      for (const name of ['message', 'detail', 'error']) t.type(body[name], 'string')
    }
  }
  const { response } = await page(`${paths.any}?user_id=${clerkUserId}`, { origin: 'https://ringbook-x-team.vercel.app' })
  t.equal(response.headers.get('access-control-allow-origin'), 'https://ringbook-x-team.vercel.app')
})

t.test('user_id in the query is ignored', async (t) => {
  const [owner, other] = [await test.owner(), test.user()]
  for (const path of Object.values(paths))
    t.match(await status(t, other, `${path}?user_id=${owner.clerkUserId}`), { user_id: other.clerkUserId, ...NOT_CONNECTED })
})

for (const vendor of both) {
  const owned = (user: Owner, calendarEmail: string, more = {}) => ({
    user_id: user.clerkUserId,
    user_email: user.email,
    authorized: true,
    token_valid: true,
    provider: vendor.id,
    calendar_email: calendarEmail,
    calendar_verified: true,
    calendar_error: null,
    ...more,
  })

  t.test(`${vendor.label}: connected, every field is filled`, async (t) => {
    const owner = await test.owner({ vendor: vendor.id })
    const told = await status(t, owner)
    t.match(told, owned(owner, owner.calendarEmail))
    t.not(told.calendar_email, told.user_email, 'the account of the calendar is not that of the user')
    for (const [name, value] of Object.entries(told)) if (name !== 'calendar_error') t.ok(value, name)
    const google = await status(t, owner, paths.google)
    if (vendor.id === 'google') t.same(google, told)
    else t.match(google, NOT_CONNECTED, "Google's own status does not tell of Microsoft")
  })

  t.test(`${vendor.label}: the destination is told of, not what is busy besides`, async (t) => {
    const owner = await test.owner({ vendor: vendor.id })
    await add(test, owner, otherThan(vendor), 'busy')
    t.match(await status(t, owner), owned(owner, owner.calendarEmail))
    t.equal((await status(t, owner, paths.google)).authorized, vendor.id === 'google')
    const alone = test.user()
    await add(test, alone, vendor, 'busy')
    t.match(await status(t, alone), NOT_CONNECTED, 'a busy calendar takes no bookings')
  })

  t.test(`${vendor.label}: the end of the token is written in the user's own time`, async (t) => {
    const owner = await test.owner({ vendor: vendor.id })
    await change(owner, { expiresAt: new Date('2099-06-06T16:00:00Z') })
    const end = { expires_at: '2099-06-06T16:00:00.000Z' }
    t.match(await status(t, owner), { ...end, expires_at_formatted: '11:00 AM on Saturday, June 6' })
    await inTenant(test.deps.db, owner.clerkUserId, (trx) => trx.updateTable('users').set({ timeZone: 'Asia/Tokyo' }).execute())
    t.match(await status(t, owner), { ...end, expires_at_formatted: '1:00 AM on Sunday, June 7' })
  })

  t.test(`${vendor.label}: past its end it is connected as long as it can be renewed`, async (t) => {
    const owner = await test.owner({ vendor: vendor.id })
    await change(owner, { expiresAt: new Date(Date.now() - 3_600_000) })
    test.world[vendor.id].expireAccessTokens(owner.calendarEmail)
    const told = await status(t, owner)
    t.match(told, owned(owner, owner.calendarEmail))
    t.ok(Date.parse(told.expires_at ?? '') > Date.now() + 50 * 60_000, 'and was renewed')
  })

  t.test(`${vendor.label}: verified is what was read within the last minute, however many pages ask`, async (t) => {
    const owner = await test.owner({ vendor: vendor.id })
    const reads = () => test.world[vendor.id].ledger.filter(({ path }) => vendor.readPath.test(path)).length
    const before = reads()
    for (const told of await Promise.all(Array.from({ length: 6 }, () => status(t, owner)))) t.equal(told.calendar_verified, true)
    t.equal(reads(), before)
    await change(owner, { verifiedAt: new Date(Date.now() - 61_000) })
    t.match(await status(t, owner), owned(owner, owner.calendarEmail))
    t.equal(reads(), before + 1)
  })

  const never = { times: Number.POSITIVE_INFINITY }
  const gone: Record<string, { ruin(vendor: Vendor, email: string): void; told: object; text: RegExp }> = {
    'does not answer': {
      ruin: ({ id, readPath }) => test.world[id].faults.add({ kind: 'status', status: 500, path: readPath, ...never }),
      told: { authorized: true, token_valid: true },
      text: /does not answer\. Try again/,
    },
    'asks us to wait': {
      ruin: ({ id, readPath }) => test.world[id].faults.add({ kind: 'status', status: 429, path: readPath, ...never }),
      told: { authorized: true, token_valid: true },
      text: /asks us to wait\. Try again/,
    },
    'refuses the request': {
      ruin: ({ id, readPath }) => test.world[id].faults.add({ kind: 'status', status: 400, path: readPath, ...never }),
      told: { authorized: true, token_valid: true },
      text: /refused the request\. If this stays, connect it again/,
    },
    'no longer lets us in': {
      ruin: ({ id }, email) => test.world[id].revokeGrants(email),
      told: { authorized: false, token_valid: false },
      text: /no longer lets us in\. Connect it again/,
    },
    'misses a permission': {
      ruin: ({ id, readPath }) => {
        const google = { error: { code: 403, message: 'x', errors: [{ reason: 'insufficientPermissions' }] } }
        const body = id === 'google' ? { body: google } : {}
        test.world[id].faults.add({ kind: 'status', status: 403, path: readPath, ...body, ...never })
      },
      told: { authorized: true, token_valid: true },
      text: /Not every permission was granted\. Connect again/,
    },
  }
  for (const [what, { ruin, told, text }] of Object.entries(gone)) {
    t.test(`${vendor.label} ${what}: it is not called verified, and the owner reads what to do`, async (t) => {
      const owner = await test.owner({ vendor: vendor.id })
      await change(owner, { verifiedAt: null })
      ruin(vendor, owner.calendarEmail)
      t.teardown(() => test.world[vendor.id].faults.clear())
      const found = await status(t, owner)
      t.match(found, { ...told, provider: vendor.id, calendar_email: owner.calendarEmail, calendar_verified: false })
      t.match(found.calendar_error, text)
      test.world[vendor.id].faults.clear()
      await again(test, owner, vendor, 'destination', owner.calendarEmail)
      t.match(await status(t, owner), owned(owner, owner.calendarEmail), 'connecting again mends it')
    })
  }
}

t.test('a vendor that was switched off is said to be, and what else can be connected', async (t) => {
  const owner = await test.owner({ vendor: 'google' })
  const without = await testApp(t, { GOOGLE_CLIENT_ID: '', GOOGLE_CLIENT_SECRET: '' })
  const app = await buildApp({ ...test.deps, providers: without.deps.providers })
  t.teardown(() => app.close())
  await change(owner, { verifiedAt: null })
  const reply = await app.inject({ url: paths.any, headers: owner.headers() })
  t.match(reply.json(), {
    provider: 'google',
    calendar_verified: false,
    calendar_error: /not set up on this installation\. Connect another one/,
  })
})
