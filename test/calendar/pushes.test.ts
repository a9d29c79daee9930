import { createHmac } from 'node:crypto'
import { sql } from 'kysely'
import t from 'tap'
import * as z from 'zod'
import { createCipher } from '../../src/cipher.ts'
import { findChannel } from '../../src/db/channels.ts'
import { inTenant } from '../../src/db/client.ts'
import type { Deps } from '../../src/deps.ts'
import { openChannelSecret, resealChannels } from '../../src/oauth/channel-secret.ts'
import { findChannels } from '../../src/oauth/channels.ts'
import { disconnect } from '../../src/oauth/disconnect.ts'
import { type ConnectedOwner, testApp } from '../setup/app.ts'
import { at, caller } from '../setup/changes.ts'
import { bringJobsForward, jobs, runJobs } from '../setup/jobs.ts'

const test = await testApp(t)
const { calcom } = test.world
// Cal.com's stand-in posts over real HTTP to where this service really listens.
const baseUrl = (await test.app.listen({ port: 0, host: '127.0.0.1' })).replace('[::1]', '127.0.0.1')
const deps: Deps = { ...test.deps, config: { ...test.deps.config, baseUrl } }
const EMAIL = { attendee_email: 'ana@example.com' }
const until = (startsAt: Date) => ({ startsAt, endsAt: new Date(startsAt.getTime() + 30 * 60_000) })

async function openChannels() {
  await findChannels(deps)
  await runJobs({ deps })
}

/** Her channel, as it stands in the database. */
async function channelOf({ clerkUserId }: ConnectedOwner) {
  return inTenant(deps.db, clerkUserId, async (trx) => {
    const { id } = await trx.selectFrom('oauthTokens').select('id').executeTakeFirstOrThrow()
    return findChannel(trx, clerkUserId, id)
  })
}

/** As if her vendor had been asked to push so long ago. */
async function age({ clerkUserId }: ConnectedOwner, minutes: number) {
  const triedAt = sql<Date>`now() - ${minutes} * interval '1 minute'`
  await inTenant(deps.db, clerkUserId, (trx) => trx.updateTable('syncChannels').set({ triedAt }).execute())
}

const Webhooks = z.object({ data: z.array(z.object({ id: z.number(), subscriberUrl: z.string() })) })

/** The vendor's webhooks of this account. */
async function webhooks({ calendarEmail }: ConnectedOwner) {
  const headers = { authorization: `Bearer ${await calcom.tokenFor(calendarEmail)}` }
  return Webhooks.parse(await (await fetch(`${calcom.url}/v2/webhooks`, { headers })).json()).data
}

/** A caller with an appointment at ten, long enough ago, whose calendar pushes. */
async function pushing() {
  const ana = await caller(test.afresh(), 'calcom')
  await openChannels()
  await ana.book(at(10), undefined, EMAIL)
  await calcom.hooks.settled()
  await settled(ana.owner)
  await runJobs({ deps })
  calcom.hooks.deliveries.length = 0
  await sql`delete from jobs.job where name = 'follow-calendar'`.execute(deps.db)
  const [event] = ana.live()
  if (!event) throw new Error('there is no event')
  return { ...ana, event }
}

async function settled({ clerkUserId }: ConnectedOwner) {
  const updatedAt = sql<Date>`now() - interval '3 minutes'`
  await inTenant(deps.db, clerkUserId, (trx) => trx.updateTable('bookings').set({ updatedAt }).execute())
}

/** Looks that wait, in seconds from now. */
async function looks() {
  return (await jobs({ deps })).filter(({ name, state }) => name === 'follow-calendar' && state === 'created').map(({ waits }) => waits)
}

/** What has been pushed is looked at. */
async function afterPush(owner: ConnectedOwner) {
  await calcom.hooks.settled()
  await bringJobsForward({ deps }, { seconds: 2, of: owner.clerkUserId })
  await runJobs({ deps })
}

t.test('an appointment that its owner moves or cancels at Cal.com follows within seconds, however the pushes come', async (t) => {
  const ana = await pushing()
  const { calendarEmail } = ana.owner
  calcom.hooks.double()
  const moved = calcom.moveEvent(calendarEmail, ana.event.id, until(at(14)))
  await calcom.hooks.settled()
  t.match(calcom.hooks.deliveries, [{ trigger: 'BOOKING_RESCHEDULED', status: 200 }])
  const waiting = await looks()
  t.equal(waiting.length, 1, 'what comes twice is looked at once')
  t.ok((waiting[0] ?? 10) <= 1, 'a second later')
  await afterPush(ana.owner)
  const rows = (await ana.rows()).map(({ status, startsAt, providerEventId }) => [status, startsAt, providerEventId])
  t.same(rows, [['confirmed', at(14), moved]])

  // The older of two pushes comes last: neither says what is true now.
  await settled(ana.owner)
  calcom.hooks.hold()
  const again = calcom.moveEvent(calendarEmail, moved, until(at(15)))
  calcom.deleteEvent(calendarEmail, again)
  await calcom.hooks.release()
  await afterPush(ana.owner)
  t.same(await ana.statuses(), ['cancelled'])
})

t.test('a push that is lost is made up for by the next look', async (t) => {
  const ana = await pushing()
  calcom.hooks.lose()
  calcom.deleteEvent(ana.owner.calendarEmail, ana.event.id)
  await afterPush(ana.owner)
  t.same(await ana.statuses(), ['confirmed'])
  await inTenant(deps.db, ana.owner.clerkUserId, (trx) =>
    trx.updateTable('oauthTokens').set({ lookedAt: sql<Date>`now() - interval '11 minutes'` }).execute(),
  )
  await sql`delete from jobs.job where name = 'find-to-follow'`.execute(deps.db)
  await deps.jobs.sendEvery('find-to-follow', 1)
  await runJobs({ deps })
  await bringJobsForward({ deps }, { of: ana.owner.clerkUserId })
  await runJobs({ deps })
  t.same(await ana.statuses(), ['cancelled'])
})

t.test('only the vendor pushes: whatever else comes has one answer, is counted, and starts nothing', async (t) => {
  const ana = await pushing()
  const ben = await caller(test, 'calcom')
  await openChannels()
  const channel = await channelOf(ana.owner)
  const others = await channelOf(ben.owner)
  const secret = channel && openChannelSecret(deps, channel)
  if (!channel || !others || secret === undefined) throw new Error('there is no channel')
  const body = Buffer.from('{"triggerEvent":"BOOKING_CANCELLED"}')
  const sign = (of: Buffer, key: string) => createHmac('sha256', key).update(of).digest('hex')
  let remoteAddress = '10.9.0.1'
  const push = async (id: string, signature: string | undefined, payload: Buffer = body, type = 'application/json') => {
    const headers = { 'content-type': type, ...(signature === undefined ? {} : { 'x-cal-signature-256': signature }) }
    const reply = await test.app.inject({ method: 'POST', url: `/webhooks/calendar/${id}`, headers, payload, remoteAddress })
    const { request_id: _one, ...said } = reply.json()
    return { status: reply.statusCode, said, headers: reply.headers }
  }
  const refused = await push('00000000-0000-4000-8000-000000000000', sign(body, secret))
  t.match(refused, { status: 404, said: { code: 'not_found' } })
  for (const [what, answer] of [
    ['no signature', push(channel.id, undefined)],
    ['what Cal.com writes without a secret', push(channel.id, 'no-secret-provided')],
    ['another secret', push(channel.id, sign(body, 'x'))],
    ["another tenant's channel", push(others.id, sign(body, secret))],
    ['another body', push(channel.id, sign(body, secret), Buffer.from('{}'))],
    ['no id', push('nonsense', sign(body, secret))],
  ] as const) {
    const { status, said } = await answer
    t.same([status, said], [refused.status, refused.said], what)
  }
  t.same(await looks(), [], 'and nothing is looked at')

  remoteAddress = '10.9.0.2'
  const guesses = await Promise.all(Array.from({ length: test.deps.config.limits.badSignaturesPerMinute + 1 }, () => push(channel.id, 'x')))
  const last = guesses.find(({ status }) => status === 429)
  t.ok(last?.headers['retry-after'], 'whoever goes on guessing waits')
  const empty = Buffer.alloc(0)
  t.equal((await push(channel.id, sign(empty, secret), empty)).status, 200, 'the vendor itself never does')
  t.equal((await push(channel.id, sign(body, secret), body, 'text/plain')).status, 200, 'whatever it calls its body')
  const broken = Buffer.from('{"triggerEvent":')
  t.equal((await push(channel.id, sign(broken, secret), broken)).status, 200, 'and whatever stands in it')
  const long = Buffer.alloc(256 * 1024 + 1, 'x')
  t.equal((await push(channel.id, sign(long, secret), long)).status, 413)
  t.equal((await looks()).length, 1)
  const preflight = { origin: 'http://localhost:3000', 'access-control-request-method': 'POST' }
  const asked = await test.app.inject({ method: 'OPTIONS', url: `/webhooks/calendar/${channel.id}`, headers: preflight })
  t.notOk(asked.headers['access-control-allow-origin'], 'no page is let in')
})

t.test('a vendor is asked to push soon after connecting, again where it refused or lost it, not after disconnecting', async (t) => {
  const { owner } = await caller(test.afresh(), 'calcom')
  const google = await caller(test, 'google')
  calcom.faults.add({ kind: 'status', status: 403, path: /\/v2\/webhooks/, times: Number.POSITIVE_INFINITY })
  await openChannels()
  calcom.faults.clear()
  t.same(await webhooks(owner), [])
  t.match(await channelOf(owner), { vendorId: null })
  t.equal(await channelOf(google.owner), undefined, 'a vendor that pushes nothing is not asked')
  await age(owner, 9)
  await openChannels()
  t.same(await webhooks(owner), [], 'a vendor that refuses has its rest')
  await age(owner, 11)
  await openChannels()
  const [webhook] = await webhooks(owner)
  const channel = await channelOf(owner)
  t.equal(webhook?.subscriberUrl, `${baseUrl}/webhooks/calendar/${channel?.id}`)
  t.equal(String(webhook?.id), channel?.vendorId)
  const secret = channel && openChannelSecret(deps, channel)
  t.ok(secret && !channel?.secret.includes(secret), 'its secret is stored sealed')

  await age(owner, 25 * 60)
  await openChannels()
  t.same(await webhooks(owner), [webhook], 'asked again, it stays one')
  t.match(await channelOf(owner), { id: channel?.id, vendorId: channel?.vendorId })
  const headers = { authorization: `Bearer ${await calcom.tokenFor(owner.calendarEmail)}` }
  await fetch(`${calcom.url}/v2/webhooks/${webhook?.id}`, { method: 'DELETE', headers })
  await age(owner, 25 * 60)
  await openChannels()
  const [renewed] = await webhooks(owner)
  t.equal(renewed?.subscriberUrl, webhook?.subscriberUrl, 'one that its owner took away is there again')
  t.match(await channelOf(owner), { vendorId: String(renewed?.id) })

  // A key that leaves the settings: the secret is sealed with the other from now on.
  const newKey = `k9:${Buffer.alloc(32, 9).toString('base64')}`
  const rotated = { ...deps, cipher: createCipher(`${newKey},${deps.config.tokenEncryptionKeys}`) }
  await resealChannels(rotated)
  const resealed = await channelOf(owner)
  t.match(resealed?.secret, /^v1\.k9\./)
  t.equal(resealed && openChannelSecret(rotated, resealed), secret)
  await t.rejects(resealChannels(deps), /TOKEN_ENCRYPTION_KEYS lacks k9/)

  await test.app.inject({ method: 'DELETE', url: '/calendar/disconnect', headers: owner.headers() })
  t.same(await webhooks(owner), [], 'its vendor pushes no more')
  const { rows } = await sql`select directory_find('channel', ${channel?.id}) as owner`.execute(deps.db)
  t.same(rows, [{ owner: null }], 'and its address leads nowhere')
})

t.test('a vendor that is away keeps nobody from disconnecting, nor a user from being deleted', async (t) => {
  const { owner } = await caller(test.afresh(), 'calcom')
  await openChannels()
  const channel = await channelOf(owner)
  calcom.faults.add({ kind: 'status', status: 503, path: /\/v2\/webhooks/, times: Number.POSITIVE_INFINITY })
  t.teardown(() => calcom.faults.clear())
  const reply = await test.app.inject({ method: 'DELETE', url: '/calendar/disconnect', headers: owner.headers() })
  t.equal(reply.statusCode, 200)
  const status = await test.app.inject({ url: '/calendar/connections', headers: owner.headers() })
  t.same(status.json().connections, [])
  await inTenant(deps.db, owner.clerkUserId, (trx) => trx.deleteFrom('users').execute())
  const { rows } = await sql`select directory_find('channel', ${channel?.id}) as owner`.execute(deps.db)
  t.same(rows, [{ owner: null }])
})

t.test('no webhook is left at the vendor that nobody here listens to', async (t) => {
  const ana = await caller(test.afresh(), 'calcom')
  await openChannels()
  const [old] = await webhooks(ana.owner)
  await age(ana.owner, 25 * 60)
  const elsewhere = { ...deps, config: { ...deps.config, baseUrl: 'https://ringbook.example' } }
  await findChannels(elsewhere)
  await runJobs({ deps: elsewhere })
  const [moved, ...others] = await webhooks(ana.owner)
  t.same(others, [], 'where this service has another address since, the old one is taken away')
  t.equal(moved?.subscriberUrl, old?.subscriberUrl.replace(baseUrl, 'https://ringbook.example'))

  const ben = await caller(test, 'calcom')
  calcom.faults.add({ kind: 'lost', method: 'POST', path: /\/v2\/webhooks/ })
  calcom.faults.add({ kind: 'status', status: 503, method: 'GET', path: /\/v2\/webhooks/, times: 2 })
  await openChannels()
  calcom.faults.clear()
  t.equal((await webhooks(ben.owner)).length, 1)
  t.match(await channelOf(ben.owner), { vendorId: null }, 'it was made, and the answer lost')
  await disconnect(deps, ben.owner.clerkUserId, () => true)
  t.same(await webhooks(ben.owner), [], 'that one is taken away as well')
})
