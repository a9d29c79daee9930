import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { createCipher, parseKeys } from '../../src/cipher.ts'
import { inTenant } from '../../src/db/client.ts'
import { resealTokens } from '../../src/oauth/reseal.ts'
import { type ConnectedOwner, type TestApp, testApp } from '../setup/app.ts'
import type { LedgerEntry } from '../world/stand-in.ts'
import { account, both, follow, start, status, stored, vendors } from './setup.ts'

/** Everything secret that went over the line to a vendor. */
function secretsIn(ledger: LedgerEntry[]): string[] {
  const bearers = ledger.map(({ headers }) => /^Bearer (.+)$/.exec(String(headers.authorization))?.[1])
  const fields = ledger.flatMap(({ body }) =>
    typeof body === 'object' && body !== null
      ? Object.entries(body).filter(([name]) => ['code', 'code_verifier', 'refresh_token', 'client_secret'].includes(name))
      : [],
  )
  return [...new Set([...bearers, ...fields.map(([, value]) => String(value))])].filter((text) => text !== undefined)
}

/** All rows that this tenant has in these tables, as text. */
async function rowsAsText({ deps }: TestApp, clerkUserId: string): Promise<string> {
  return inTenant(deps.db, clerkUserId, async (trx) => {
    const { rows } = await sql<{ row: string }>`
      select t::text as row from oauth_tokens t union all select f::text from oauth_flows f union all select u::text from users u`.execute(
      trx,
    )
    return rows.map(({ row }) => row).join('\n')
  })
}

function change(
  { deps }: TestApp,
  { clerkUserId }: ConnectedOwner,
  values: { accessToken?: string; refreshToken?: string; expiresAt?: Date; verifiedAt?: null; state?: 'active' },
) {
  return inTenant(deps.db, clerkUserId, (trx) => trx.updateTable('oauthTokens').set(values).execute())
}

const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`

for (const vendor of both) {
  t.test(`${vendor.label}: whoever reads the database learns no token, no code, no state and no verifier`, async (t) => {
    const test = await testApp(t)
    const { ledger, signIn } = test.world[vendor.id]
    const user = test.user()
    const email = account(test, vendor)
    const begun = await start(test, user, vendor)
    const callback = await signIn(begun, email)
    const waiting = await rowsAsText(test, user.clerkUserId)
    t.match(waiting, vendor.id, 'the flow is there')
    t.equal((await follow(test, callback)).searchParams.get('auth'), 'success')
    await inTenant(test.deps.db, user.clerkUserId, (trx) =>
      trx
        .updateTable('oauthTokens')
        .set({ expiresAt: new Date(0) })
        .execute(),
    )
    t.equal((await status(test, user)).body.authorized, true)
    const rows = waiting + (await rowsAsText(test, user.clerkUserId))
    t.match(rows, email, 'the connection is there')
    const secrets = [...secretsIn(ledger), begun.searchParams.get('state') ?? '']
    t.ok(secrets.length >= 6, 'two access tokens, a refresh token, a code, a verifier, the client secret, the state')
    for (const secret of secrets) {
      t.ok(secret.length > 15)
      for (const form of [secret, Buffer.from(secret).toString('base64url').slice(0, 20), Buffer.from(secret).toString('hex')])
        t.notOk(rows.includes(form), `${form.length} characters of a secret`)
    }
  })
}

t.test('a sealed token that was copied to another tenant or column opens nothing', async (t) => {
  const test = await testApp(t)
  const [owner, thief] = [await test.owner({ vendor: 'google' }), await test.owner({ vendor: 'google' })]
  const [[own], [foreign]] = [await stored(test, thief), await stored(test, owner)]
  const copies = [
    { accessToken: foreign?.accessToken ?? '' },
    { accessToken: own?.refreshToken ?? '' },
    { refreshToken: foreign?.refreshToken ?? '', expiresAt: new Date(0) },
    { refreshToken: own?.accessToken ?? '', expiresAt: new Date(0) },
  ]
  const before = { accessToken: own?.accessToken ?? '', refreshToken: own?.refreshToken ?? '', expiresAt: own?.expiresAt ?? new Date() }
  test.world.google.ledger.length = 0
  for (const copy of copies) {
    await change(test, thief, { ...before, ...copy, verifiedAt: null, state: 'active' })
    t.not((await status(test, thief)).body.calendar_verified, true)
    const startedAt = performance.now()
    t.match(await thief.call('get_availability', {}), { error: /./ }, 'the caller hears an apology')
    t.ok(performance.now() - startedAt < 2000, 'at once')
  }
  t.same(test.world.google.ledger, [], 'no token went out')
  await change(test, thief, { ...before, verifiedAt: null, state: 'active' })
  t.equal((await status(test, thief)).body.calendar_verified, true, 'in its place it does')
})

t.test('a sealed text opens whole, unchanged and in its own place only', (t) => {
  const cipher = createCipher(key('k1'))
  const place = ['oauth_tokens', 'access_token', 'row', 'user_a', 'google']
  const sealed = cipher.seal('the-token', place)
  t.equal(cipher.open(sealed, place), 'the-token')
  t.not(cipher.seal('the-token', place), sealed, 'and never looks the same twice')
  t.match(sealed, /^v1\.k1\.[\w-]+$/)
  for (const [index] of place.entries()) t.throws(() => cipher.open(sealed, place.with(index, 'other')), `${place[index]}`)
  t.throws(() => cipher.open(sealed, ['oauth_tokens', 'access_token', 'row', 'user_agoogle']), 'parts do not run into each other')
  const [, , body = ''] = sealed.split('.')
  const raw = Buffer.from(body, 'base64url')
  for (const cut of [1, 4, 8, 12])
    t.throws(() => cipher.open(`v1.k1.${raw.subarray(0, -cut).toString('base64url')}`, place), 'a shorter tag')
  for (const at of [0, 12, raw.length - 1]) {
    const other = Buffer.from(raw)
    other[at] = (other[at] ?? 0) ^ 1
    t.throws(() => cipher.open(`v1.k1.${other.toString('base64url')}`, place), `another byte at ${at}`)
  }
  for (const text of ['', 'v1', 'v1.k1', 'v1.k1.', `v2.k1.${body}`, `v1.k2.${body}`, body]) t.throws(() => cipher.open(text, place), text)
  t.throws(() => createCipher(key('k1')).open(sealed, place), 'another key of the same name')
  t.end()
})

t.test('keys are refused that are missing, short, long, doubled or no base64, and none is shown', (t) => {
  const good = randomBytes(32).toString('base64')
  t.same([...parseKeys(`k2:${good}, k1:${randomBytes(32).toString('base64')}`).keys()], ['k2', 'k1'])
  t.same([...parseKeys(good).keys()], ['k1'], 'a bare key has a name too')
  const short = randomBytes(31).toString('base64')
  for (const spec of [
    '',
    'k1:',
    `k1:${short}`,
    short,
    randomBytes(33).toString('base64'),
    `k1:${good},k1:${good}`,
    `${good},`,
    `K1:${good}x`,
    `k1:${'!'.repeat(43)}`,
  ]) {
    const failure = t.throws(() => parseKeys(spec), spec.replaceAll(good, '…'))
    t.notOk(failure instanceof Error && [good, short].some((one) => failure.message.includes(one.slice(0, 12))))
  }
  t.end()
})

t.test('a key is changed without disconnecting anybody', async (t) => {
  const test = await testApp(t)
  const owners = [await test.owner({ vendor: 'google' }), await test.owner({ vendor: 'microsoft' })]
  const [oldKey, newKey] = [test.deps.config.tokenEncryptionKeys, key('k2')]
  const withKeys = (spec: string): TestApp['deps'] => ({ ...test.deps, cipher: createCipher(spec) })

  await t.rejects(resealTokens(withKeys(newKey)), { message: /lacks k1/ }, 'the old key must not leave before its tokens have')
  await resealTokens(withKeys(oldKey))
  for (const owner of owners) t.match(await stored(test, owner), [{ accessToken: /^v1\.k1\./, refreshToken: /^v1\.k1\./ }])
  await Promise.all([resealTokens(withKeys(`${newKey},${oldKey}`)), resealTokens(withKeys(`${newKey},${oldKey}`))])
  for (const owner of owners) t.match(await stored(test, owner), [{ accessToken: /^v1\.k2\./, refreshToken: /^v1\.k2\./ }])

  await t.rejects(resealTokens(withKeys(oldKey)), { message: /lacks k2/ })
  await resealTokens(withKeys(newKey))
  const app = await buildApp(withKeys(newKey))
  t.teardown(() => app.close())
  for (const owner of owners) {
    await change(test, owner, { expiresAt: new Date(0), verifiedAt: null })
    t.match((await status({ app }, owner, vendors.microsoft)).body, { authorized: true, calendar_verified: true })
  }
})

t.test('the logs of whole sign-ins, of failures and of calls name no secret, no address and no query', async (t) => {
  const test = await testApp(t)
  const addresses: string[] = []
  const secrets: string[] = []
  for (const vendor of both) {
    const { world } = test
    const [user, email] = [test.user(), account(test, vendor)]
    for (const choice of [{ deny: true }, { scopes: [] }, {}]) {
      const begun = await start(test, user, vendor)
      const callback = await world[vendor.id].signIn(begun, email, choice)
      await follow(test, new URL(`${callback.href}&error_description=${encodeURIComponent(email)}`))
      await follow(test, callback)
      secrets.push(...['code', 'state'].map((name) => callback.searchParams.get(name) ?? '-'.repeat(99)), begun.search, callback.search)
    }
    const spoilt = await world[vendor.id].signIn(await start(test, user, vendor), email)
    spoilt.searchParams.set('code', 'a-code-that-nobody-gave')
    await follow(test, spoilt)
    const owner = await test.owner({ vendor: vendor.id })
    await change(test, owner, { expiresAt: new Date(0) })
    await status(test, owner)
    await owner.call('get_availability', { attendee_email: email })
    world[vendor.id].faults.add({ kind: 'status', status: 401, path: vendor.readPath, times: Number.POSITIVE_INFINITY })
    await change(test, owner, { accessToken: 'v1.gone.AAAA', verifiedAt: null })
    await status(test, owner)
    await change(test, owner, { verifiedAt: null })
    await status(test, owner)
    await test.app.inject({ method: 'DELETE', url: `${vendor.path}/disconnect?user=${email}`, headers: owner.headers() })
    const token = owner.headers().authorization.slice('Bearer '.length)
    await test.app.inject({ url: `/users/me?token=${token}`, headers: { authorization: `Bearer ${token}x` } })
    await test.app.inject({ url: `/nowhere/${email}?token=${token}` })
    addresses.push(user.email, owner.email, email, owner.calendarEmail)
    secrets.push(token, owner.secret, 'a-code-that-nobody-gave', ...secretsIn(world[vendor.id].ledger))
  }
  t.ok(test.logs.length > 30 && test.logs.some((line) => line.includes('/calendar/auth/callback')), 'there are logs')
  t.ok(secrets.length > 30)
  for (const secret of [...secrets, ...addresses]) {
    const lines = test.logs.filter((line) => line.includes(secret) || line.includes(encodeURIComponent(secret)))
    t.same(lines, [], `${secret.slice(0, 6)}… of ${secret.length} characters`)
  }
  t.same(
    test.logs.filter((line) => /[?&](code|state|token|error)=/.test(line)),
    [],
  )
})

t.test('one damaged token keeps neither the service from starting nor the others from being sealed again', async (t) => {
  const test = await testApp(t)
  const [damaged, sound] = [await test.owner(), await test.owner()]
  await change(test, damaged, { accessToken: 'v1.k1.AAAA', verifiedAt: null })
  const cipher = createCipher(`${key('k2')},${test.deps.config.tokenEncryptionKeys}`)
  await resealTokens({ ...test.deps, cipher })
  t.match(await rowsAsText(test, sound.clerkUserId), 'v1.k2.')
  t.match(test.logs.join(''), 'does not open')
  t.match((await status(test, damaged)).body, { authorized: false, calendar_error: /Connect it again/ }, 'its owner is told what to do')
})
