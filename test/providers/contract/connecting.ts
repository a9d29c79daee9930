import { inspect } from 'node:util'
import type { Test } from 'tap'
import { email, newWorld, span, type Vendor } from '../setup.ts'

const tomorrow = span('2026-12-01T00:00:00Z', '2026-12-02T00:00:00Z')

export async function connecting(t: Test, vendor: Vendor): Promise<void> {
  t.test('a user signs in, and the account and its calendars are known', async (t) => {
    const { standIn, provider, signIn } = await newWorld(t, vendor)
    const { callback, code, codeVerifier } = await signIn()
    t.equal(callback.searchParams.get('state'), 'the-state')
    const issuer = callback.searchParams.get('iss')
    t.ok(issuer === null || provider.issues(issuer), 'the vendor is who it says')
    t.notOk(provider.issues('https://elsewhere.example/v2.0'))

    const grant = await provider.exchangeCode(code, codeVerifier)

    t.match(grant, { accessToken: /./, refreshToken: /./, account: { id: /./, email } })
    t.ok(grant.expiresInSeconds > vendor.tokenSeconds * 0.8 && grant.expiresInSeconds <= vendor.tokenSeconds)
    const granted = grant.scopes.map((scope) => scope.toLowerCase())
    t.ok(granted.includes(vendor.neededScope.toLowerCase()), 'the needed permission is among the granted ones')
    const [main] = await provider.calendars({ accessToken: grant.accessToken })
    t.match(main, { id: /./, timeZone: 'America/New_York', link: /^https?:/ })
    t.same(await provider.calendar({ accessToken: grant.accessToken }, main?.id ?? '').busy(tomorrow), [])
    t.same(
      standIn.ledger.filter(({ status }) => status !== null && status >= 400),
      [],
      'nothing was asked that the vendor refuses',
    )
  })

  t.test('the same account has the same identity when it connects again', async (t) => {
    const { connect } = await newWorld(t, vendor)
    const [first, second] = [await connect(), await connect()]
    t.same(first.account, second.account)
    t.type(second.refreshToken, 'string', 'connecting again brings a refresh token again')
  })

  const naming = { skip: vendor.isScheduler }
  t.test('all calendars of the account are named, the main one first, and which of them can be written to', naming, async (t) => {
    const calendars = [
      { name: 'Team' },
      { name: 'Holidays', writable: false },
      { name: 'Kim', busyOnly: true },
      { name: 'Dana', main: true },
      { name: 'Gar\u202Eden\n' },
    ]
    const { standIn, provider } = await newWorld(t, vendor, { calendars })
    const token = await standIn.tokenFor(email)
    for (const pageSize of [100, 1]) {
      standIn.setPageSize(pageSize)
      const [main, ...others] = await provider.calendars({ accessToken: token })
      t.match(main, { name: 'Dana', isMain: true, canWrite: true })
      t.same(others.map(({ name, isMain, canWrite }) => [name, isMain, canWrite]).sort(), [
        ['Garden', false, true],
        ['Holidays', false, false],
        ['Kim', false, false],
        ['Team', false, true],
      ])
      for (const { id, name } of others)
        t.same(await provider.calendar({ accessToken: token }, id).busy(tomorrow), [], `${name} can be read`)
    }
  })

  t.test('a user who says no comes back without a code', async (t) => {
    const { signIn } = await newWorld(t, vendor)
    const { callback } = await signIn({ deny: true })
    t.equal(callback.searchParams.get('error'), 'access_denied')
    t.equal(callback.searchParams.get('state'), 'the-state')
    t.notOk(callback.searchParams.has('code'))
  })

  t.test('a code is worth nothing to somebody who did not begin the sign-in', async (t) => {
    const { provider, signIn } = await newWorld(t, vendor)
    const { code } = await signIn()
    const failure: unknown = await provider.exchangeCode(code, 'not-the-verifier-of-this-sign-in-at-all-0123').catch((error) => error)
    t.match(failure, { name: 'AppError', code: 'code_refused' })
    t.notOk(inspect(failure, { depth: 9 }).includes(code), 'and the failure does not print it')
  })

  t.test('a code works once, and is never sent twice by us', async (t) => {
    const { standIn, provider, signIn } = await newWorld(t, vendor)
    const { code, codeVerifier } = await signIn()
    await provider.exchangeCode(code, codeVerifier)
    await t.rejects(provider.exchangeCode(code, codeVerifier), { code: 'code_refused' })

    const second = await signIn()
    standIn.ledger.length = 0
    standIn.faults.add({ kind: 'lost', path: vendor.tokenPath })
    await t.rejects(provider.exchangeCode(second.code, second.codeVerifier), { code: 'provider_unavailable' })
    t.equal(standIn.ledger.length, 1)
  })

  // A scheduler's consent is all or nothing.
  t.test('an account that withholds a needed permission is not connected', { skip: vendor.isScheduler }, async (t) => {
    const { provider, signIn } = await newWorld(t, vendor)
    const { code, codeVerifier } = await signIn({ scopes: vendor.allScopes.filter((scope) => scope !== vendor.neededScope) })
    await t.rejects(provider.exchangeCode(code, codeVerifier), { code: 'scope_missing' })
  })

  t.test('when the access token has ended, a refresh opens the calendar again', async (t) => {
    const { standIn, provider, connect } = await newWorld(t, vendor)
    const grant = await connect()
    const [main] = await provider.calendars({ accessToken: grant.accessToken })
    standIn.expireAccessTokens(email)
    await t.rejects(provider.calendar({ accessToken: grant.accessToken }, main?.id ?? '').busy(tomorrow), { code: 'consent_revoked' })

    const tokens = await provider.refresh(grant.refreshToken ?? '')

    t.not(tokens.accessToken, grant.accessToken)
    t.ok(tokens.expiresInSeconds > vendor.tokenSeconds * 0.8 && tokens.expiresInSeconds <= vendor.tokenSeconds)
    t.same(tokens.scopes.length > 0, true)
    t.same(await provider.calendar({ accessToken: tokens.accessToken }, main?.id ?? '').busy(tomorrow), [])
  })

  t.test('every refresh leaves a refresh token that works', async (t) => {
    const { provider, connect } = await newWorld(t, vendor)
    let { refreshToken } = await connect()
    for (let round = 0; round < 3; round += 1) {
      const tokens = await provider.refresh(refreshToken ?? '')
      t.equal(tokens.refreshToken !== null && tokens.refreshToken !== refreshToken, vendor.rotates)
      refreshToken = tokens.refreshToken ?? refreshToken
    }
  })

  t.test('a revoked consent is told apart from an outage', async (t) => {
    const { standIn, provider, connect } = await newWorld(t, vendor)
    const grant = await connect()
    standIn.faults.add({ kind: 'status', status: 503, path: vendor.tokenPath, times: 2 })
    await t.rejects(provider.refresh(grant.refreshToken ?? ''), { code: 'provider_unavailable' })
    standIn.faults.add({ kind: 'status', status: 429, retryAfter: 120, path: vendor.tokenPath })
    await t.rejects(provider.refresh(grant.refreshToken ?? ''), { code: 'provider_busy' })

    standIn.revokeGrants(email)
    const failure: unknown = await provider.refresh(grant.refreshToken ?? '').catch((error) => error)

    t.match(failure, { name: 'AppError', code: 'consent_revoked' })
    t.notOk(inspect(failure, { depth: 9, showHidden: true }).includes(grant.refreshToken ?? ''), 'and the failure does not print the token')
  })

  t.test('neither signing in nor renewing is repeated by a library of the vendor', async (t) => {
    const { standIn, provider, connect, signIn } = await newWorld(t, vendor)
    const grant = await connect()
    const asked = () => standIn.ledger.filter(({ path }) => vendor.tokenPath.test(path)).length
    const troubles = [
      { fault: { kind: 'status', status: 500 }, exchanges: 1, refreshes: 2 },
      { fault: { kind: 'silent' }, exchanges: 1, refreshes: 2 },
      { fault: { kind: 'cut' }, exchanges: 1, refreshes: 2 },
      { fault: { kind: 'status', status: 429 }, exchanges: 1, refreshes: 1 },
      { fault: { kind: 'status', status: 408 }, exchanges: 1, refreshes: 1 },
    ] as const
    for (const { fault, exchanges, refreshes } of troubles) {
      const { code, codeVerifier } = await signIn()
      standIn.ledger.length = 0
      standIn.faults.add({ ...fault, path: vendor.tokenPath, times: Number.POSITIVE_INFINITY })
      await t.rejects(provider.exchangeCode(code, codeVerifier), { name: 'AppError' })
      t.equal(asked(), exchanges, `${JSON.stringify(fault)}: a code works once`)
      await t.rejects(provider.refresh(grant.refreshToken ?? ''), { name: 'AppError' })
      t.equal(asked() - exchanges, refreshes, JSON.stringify(fault))
      standIn.faults.clear()
    }
  })

  t.test('a refresh survives one outage of the vendor by itself', async (t) => {
    const { standIn, provider, connect } = await newWorld(t, vendor)
    const grant = await connect()
    standIn.faults.add({ kind: 'cut', path: vendor.tokenPath })
    t.match(await provider.refresh(grant.refreshToken ?? ''), { accessToken: /./ })
  })

  t.test('a wrong secret of ours never counts as the user having left', async (t) => {
    const { standIn, connect } = await newWorld(t, vendor)
    const grant = await connect()
    const misconfigured = vendor.provider(standIn, {}, 'not-our-secret')
    await t.rejects(misconfigured.refresh(grant.refreshToken ?? ''), { code: 'provider_refused' })
  })

  t.test('a stored refresh token that is nonsense asks the user to connect again', async (t) => {
    const { provider } = await newWorld(t, vendor)
    await t.rejects(provider.refresh('nonsense'), { code: 'consent_revoked' })
  })

  t.test('disconnecting can be repeated', async (t) => {
    const { provider, connect } = await newWorld(t, vendor)
    const { refreshToken } = await connect()
    await provider.revoke(refreshToken ?? '')
    await provider.revoke(refreshToken ?? '')
  })
}
