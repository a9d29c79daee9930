import { once } from 'node:events'
import { createServer } from 'node:net'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { Webhook } from 'svix'
import t from 'tap'
import { createCipher } from '../../src/cipher.ts'
import { inTenant } from '../../src/db/client.ts'
import { isFitForWebhook, postOutside } from '../../src/notices/post.ts'
import { postNotice } from '../../src/notices/post-notice.ts'
import { isPublicAddress } from '../../src/notices/public-address.ts'
import { resealWebhookSecrets } from '../../src/notices/reseal.ts'
import { changeSettings } from '../../src/notices/settings.ts'
import { tellOfBooking, tellOfLostConnection, tellOfMessage } from '../../src/notices/tell.ts'
import { type Owner, testApp } from '../setup/app.ts'
import { runJobs } from '../setup/jobs.ts'
import { appointmentOf, deliveriesOf, later } from '../setup/notices.ts'
import { type LedgerEntry, startStandIn } from '../world/stand-in.ts'
import { certificate } from '../world/tls.ts'

const test = await testApp(t, { LIMIT_REST_PER_MINUTE: '10000' })
const { deps } = test
const HOUR = 60 * 60
const KEY = Buffer.alloc(32, 7).toString('base64')

// Whoever receives: keeps what came byte for byte, and answers with nothing.
const receiver = await startStandIn({ vendor: 'receiver', tls: await certificate() }, (app) => {
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  app.post('/*', async (_request, reply) => reply.code(204).send())
})
t.teardown(() => receiver.stop())

async function request(owner: Owner, method: 'GET' | 'PATCH' | 'POST', url: string, payload?: object) {
  const reply = await test.app.inject({ method, url, headers: owner.headers(), ...(payload ? { payload } : {}) })
  return { answered: reply.statusCode, ...reply.json() }
}

/** A user with a webhook at an address of her own. */
async function subscriber() {
  const user = test.user()
  const path = `/hook-${crypto.randomUUID()}`
  const { webhook } = await request(user, 'PATCH', '/notices/settings', { webhook: { url: receiver.url + path } })
  const got = () => receiver.ledger.filter((entry) => entry.path === path)
  const tell = () => inTenant(deps.db, user.clerkUserId, (trx) => tellOfBooking(deps, trx, appointmentOf(user)))
  return { user, secret: String(webhook.secret), got, tell }
}

/** By the public library. @throws Error when it is not ours, or too old */
function verified({ body, headers }: LedgerEntry, secret: string): Record<string, unknown> {
  const all = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
  new Webhook(secret).verify(String(body), all)
  return JSON.parse(String(body))
}

function last(entries: LedgerEntry[]): LedgerEntry {
  const entry = entries.at(-1)
  if (!entry) throw new Error('nothing came')
  return entry
}

t.beforeEach(() => receiver.faults.clear())

t.test('what happens arrives signed, as svix verifies it, once, in the shape that the description has', async (t) => {
  const { user, secret, got } = await subscriber()
  const { clerkUserId } = user
  const booking = appointmentOf(user, { customerEmail: 'ana@example.com', address: '12 Elm St' })
  const messageId = crypto.randomUUID()
  await inTenant(deps.db, clerkUserId, async (trx) => {
    await tellOfBooking(deps, trx, booking)
    const said = { callerName: 'Ana', phone: null, callNumber: '+13125550142', email: null, words: 'Call me.\nAt six.', wishedTime: null }
    await tellOfMessage(deps, trx, { ...said, clerkUserId, id: messageId })
    const lost = { clerkUserId, id: crypto.randomUUID(), provider: 'google', calendarEmail: 'd@example.com', role: 'busy' }
    await tellOfLostConnection(deps, trx, { ...lost, tokenRefreshedAt: new Date(0) })
  })
  await t.rejects(
    inTenant(deps.db, clerkUserId, async (trx) => {
      await tellOfBooking(deps, trx, appointmentOf(user))
      throw new Error('rolled back')
    }),
  )
  await runJobs(test)
  await later(test, user, HOUR)
  const messages = got().map((entry) => verified(entry, secret))
  t.same(messages.map(({ type }) => type).sort(), ['booking_created', 'calendar_disconnected', 'message_left'])
  const { notices } = await request(user, 'GET', '/notices')
  const told = notices.find(({ kind }: { kind: string }) => kind === 'booking_created')
  t.same(
    messages.find(({ type }) => type === 'booking_created'),
    {
      type: 'booking_created',
      timestamp: told.created_at,
      data: {
        notice_id: told.id,
        text: told.text,
        booking: {
          id: booking.appointmentId,
          subject: 'Viewing',
          address: '12 Elm St',
          start_time: '2026-12-01T15:00:00.000Z',
          end_time: '2026-12-01T15:30:00.000Z',
          time_zone: 'America/Chicago',
          customer: { name: 'Ana Ruiz', phone: '+13125550142', email: 'ana@example.com' },
        },
        made_by: 'caller',
      },
    },
  )
  t.match(messages.find(({ type }) => type === 'message_left')?.data, { message: { id: messageId, message: 'Call me.\nAt six.' } })
  t.equal(new Set(got().map(({ headers }) => headers['webhook-id'])).size, 3)
  const entry = last(got())
  t.throws(() => verified({ ...entry, body: `${entry.body} ` }, secret), 'what was changed on its way is refused')
  const { webhooks } = (await test.app.inject('/openapi.json')).json()
  for (const message of messages) {
    const described = webhooks[String(message.type)].post.requestBody.content['application/json'].schema
    const ajv = new Ajv2020({ strict: false })
    addFormats.default(ajv)
    t.ok(ajv.validate({ ...described, additionalProperties: false }, message), JSON.stringify(ajv.errors))
  }
})

t.test('whatever is no success is tried again under the same id, for two days, and can be replayed', async (t) => {
  for (const [fault, error] of [
    [{ kind: 'status', status: 503 }, '503'],
    [{ kind: 'status', status: 302 }, '302'],
    [{ kind: 'status', status: 404 }, '404'],
    [{ kind: 'cut' }, 'ECONNRESET'],
    [{ kind: 'lost' }, 'ECONNRESET'],
  ] as const) {
    const { user, secret, got, tell } = await subscriber()
    receiver.faults.add(fault)
    await tell()
    await runJobs(test)
    t.match(await deliveriesOf(test, user), [{ state: 'waiting', attempts: 1, last_error: error }])
    await later(test, user, HOUR)
    t.match(await deliveriesOf(test, user), [{ state: 'sent', attempts: 2, last_error: null }])
    t.equal(new Set(got().map(({ headers }) => headers['webhook-id'])).size, 1, error)
    t.equal(verified(last(got()), secret).type, 'booking_created')
  }

  const { user, got, tell } = await subscriber()
  receiver.faults.add({ kind: 'status', status: 500, times: Number.POSITIVE_INFINITY })
  await tell()
  await runJobs(test)
  await later(test, user, 47 * HOUR)
  t.match(await deliveriesOf(test, user), [{ state: 'waiting' }])
  await later(test, user, 2 * HOUR)
  t.match(await deliveriesOf(test, user, { state: 'dead', channel: 'webhook' }), [{ last_error: '500', attempts: 3 }])
  await later(test, user, 48 * HOUR)
  t.equal(got().length, 3, 'what is dead is left alone')
  receiver.faults.clear()
  const since = new Date(Date.now() - 60_000).toISOString()
  t.match(await request(user, 'POST', '/notices/deliveries/replay', { since }), { replayed: 1, has_more: false })
  await runJobs(test)
  t.match(await deliveriesOf(test, user), [{ state: 'sent', attempts: 1 }])
  t.equal(new Set(got().map(({ headers }) => headers['webhook-id'])).size, 1)
})

t.test('a receiver that is silent holds a process for five seconds at most, and one that stops does not wait', async (t) => {
  const { user, tell } = await subscriber()
  receiver.faults.add({ kind: 'silent' })
  await tell()
  const [{ id: deliveryId }] = await deliveriesOf(test, user)
  const startedAt = performance.now()
  await postNotice(deps, { clerkUserId: user.clerkUserId, deliveryId }, AbortSignal.timeout(50))
  t.ok(performance.now() - startedAt < 1000)
  t.match(await deliveriesOf(test, user), [{ state: 'waiting', last_error: 'timeout' }])
})

t.test('a receiver that wants to speak another protocol holds nobody', { timeout: 4000 }, async (t) => {
  const server = createServer((line) => line.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const signal = new AbortController().signal
  const answer = await postOutside({ url: `http://127.0.0.1:${port}/`, headers: {}, body: '{}', mayBeLocal: true, signal })
  t.same(answer, { problem: 'network' })
})

t.test('a secret is shown once, is no plain text in the database, and signs beside a new one for a day', async (t) => {
  const { user, secret, got, tell } = await subscriber()
  t.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
  t.equal((await request(user, 'GET', '/notices/settings')).webhook.secret, null)
  t.equal((await request(user, 'PATCH', '/notices/settings', { webhook: { enabled: true } })).webhook.secret, null)
  const renewed = await request(user, 'POST', '/notices/settings/webhook/secret')
  t.match(renewed, { answered: 200, secret: /^whsec_/, old_secret_until: /Z$/ })
  const stored = () => inTenant(deps.db, user.clerkUserId, (trx) => trx.selectFrom('noticeSettings').selectAll().executeTakeFirstOrThrow())
  for (const one of [secret, renewed.secret]) t.notMatch(JSON.stringify(await stored()), one.slice(6))
  await tell()
  await runJobs(test)
  const first = last(got())
  for (const one of [secret, renewed.secret]) t.equal(verified(first, one).type, 'booking_created')

  // The key of the installation is changed, and the older one taken out.
  const spec = deps.config.tokenEncryptionKeys
  await resealWebhookSecrets({ ...deps, cipher: createCipher(`k2:${KEY},${spec}`) })
  const changed = { ...deps, cipher: createCipher(`k2:${KEY}`) }
  t.match((await stored()).webhookSecret, /^v1\.k2\./)
  const lost = resealWebhookSecrets(deps)
  await t.rejects(lost, /TOKEN_ENCRYPTION_KEYS lacks k2/)
  const oldUntil = new Date(Date.now() - 1000)
  await inTenant(deps.db, user.clerkUserId, (trx) => trx.updateTable('noticeSettings').set({ webhookOldUntil: oldUntil }).execute())
  await tell()
  const [, { id: deliveryId }] = await deliveriesOf(test, user)
  await postNotice(changed, { clerkUserId: user.clerkUserId, deliveryId }, new AbortController().signal)
  const second = last(got())
  t.equal(verified(second, renewed.secret).type, 'booking_created')
  t.throws(() => verified(second, secret), 'the old one is over')
})

t.test('a test says what the receiver answered', async (t) => {
  const { user, secret, got } = await subscriber()
  t.match(await request(user, 'POST', '/notices/settings/webhook/test'), { delivered: true, status: 204, problem: null })
  t.match(verified(last(got()), secret), { type: 'ping' })
  receiver.faults.add({ kind: 'status', status: 410 })
  t.match(await request(user, 'POST', '/notices/settings/webhook/test'), { delivered: false, status: 410, problem: null })
  const other = test.user()
  for (const url of ['/notices/settings/webhook/test', '/notices/settings/webhook/secret'])
    t.match(await request(other, 'POST', url), { answered: 409, code: 'webhook_missing' })
  t.match(await request(other, 'PATCH', '/notices/settings', { webhook: { enabled: true } }), { answered: 409, code: 'webhook_missing' })
  await request(user, 'PATCH', '/notices/settings', { webhook: { url: null } })
  t.match(await request(user, 'GET', '/notices/settings'), { webhook: { enabled: false, url: null } })
})

t.test('a webhook leads to the public internet and nowhere else', async (t) => {
  const outside = ['8.8.8.8', '172.15.0.1', '172.32.0.1', '100.63.255.255', '2606:4700:4700::1111']
  const inside = [
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '169.254.169.254', '172.16.0.1', '192.168.1.1', '198.18.0.1', '224.0.0.1'],
    ...['255.255.255.255', '::', '::1', '::ffff:8.8.8.8', '::ffff:7f00:1', '64:ff9b::7f00:1', 'fc00::1', 'fd12::1', 'fe80::1', 'ff02::1'],
    ...['2001:db8::1', '2001:0:7f00:1::', '2002:7f00:1::', 'nonsense', ''],
  ]
  for (const address of outside) t.ok(isPublicAddress(address), address)
  for (const address of inside) t.notOk(isPublicAddress(address), address)

  for (const url of ['https://hooks.example.com/a?b=c', 'https://hooks.example.com:8443/', 'https://8.8.8.8/', 'https://[2606:4700::1]/'])
    t.ok(isFitForWebhook(url, false), url)
  const unfit = [
    ...['http://hooks.example.com/', 'ftp://hooks.example.com/', 'https://user:pass@hooks.example.com/', 'https://localhost/', 'nonsense'],
    ...[
      'https://127.0.0.1/',
      'https://0x7f.1/',
      'https://2130706433/',
      'https://[::1]/',
      'https://[::ffff:10.0.0.1]/',
      'https://10.0.0.1/',
    ],
  ]
  const strict = { ...deps, config: { ...deps.config, webhooksMayBeLocal: false } }
  const { clerkUserId } = (await subscriber()).user
  for (const url of unfit) {
    t.notOk(isFitForWebhook(url, false), url)
    await t.rejects(changeSettings(strict, clerkUserId, { webhook: { url } }), { code: 'webhook_address_refused' }, url)
  }

  // The name is looked up once, and what it leads to is looked at before anything is sent there.
  const post = { headers: { 'content-type': 'application/json' }, body: '{}', signal: new AbortController().signal }
  const { port } = new URL(receiver.url)
  let asked = 0
  const leadsTo = (...addresses: string[]) => ({
    resolve: async () => {
      asked += 1
      return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    },
  })
  const before = receiver.ledger.length
  for (const addresses of [['127.0.0.1'], ['8.8.8.8', '127.0.0.1'], ['::1'], ['169.254.169.254']])
    t.same(await postOutside({ ...post, url: `https://hooks.example.com:${port}/`, mayBeLocal: false, ...leadsTo(...addresses) }), {
      problem: 'address_refused',
    })
  t.same([receiver.ledger.length - before, asked], [0, 4])
  // Connected to what was found, whatever the name would lead to a moment later.
  const answer = await postOutside({
    ...post,
    url: `${receiver.url.replace('https', 'http')}/x`,
    mayBeLocal: true,
    ...leadsTo('127.0.0.1'),
  })
  t.ok('problem' in answer, 'a server that speaks TLS does not answer plain words')
  const named = { ...post, url: `https://localhost:${port}/named`, mayBeLocal: true, ...leadsTo('127.0.0.1') }
  t.same(await postOutside(named), { status: 204 })
  const wrong = { ...named, url: `https://hooks.example.com:${port}/` }
  t.match(await postOutside(wrong), { problem: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'whose certificate is for another name is not told')
})
