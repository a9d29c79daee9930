import t from 'tap'
import { connect, testApp } from '../setup/app.ts'
import { account, both, follow, grants, outcome, start, status, stored, vendors } from './setup.ts'

/** Every test has users and accounts of its own in it. */
const shared = await testApp(t)
const NOT_CONNECTED = {
  authorized: false,
  token_valid: false,
  provider: null,
  calendar_email: null,
  calendar_name: null,
  calendar_id: null,
  calendar_link: null,
  calendar_verified: false,
  calendar_error: null,
  expires_at: null,
  expires_at_formatted: null,
}

t.test('whoever has nothing connected is told so, on both routes', async (t) => {
  const test = shared.afresh()
  const user = test.user()
  for (const vendor of both) {
    const { code, body } = await status(test, user, vendor)
    t.equal(code, 200)
    t.same(body, { user_id: user.clerkUserId, user_email: user.email, ...NOT_CONNECTED })
    t.equal((await test.app.inject(`${vendor.path}/status?user_id=${user.clerkUserId}`)).statusCode, 401)
  }
})

for (const vendor of both) {
  t.test(`${vendor.label}: after consent the calendar is connected, and its status tells all about it`, async (t) => {
    const test = shared.afresh()
    const standIn = test.world[vendor.id]
    const user = test.user()
    const email = account(test, vendor)
    const callback = await standIn.signIn(await start(test, user, vendor), email)
    t.same(await stored(test, user), [], 'nothing before the callback')

    const end = await follow(test, callback)

    t.same(outcome(end), { page: 'http://localhost:3000/users', auth: 'success', message: `${vendor.label} is connected.` })
    const { code, body } = await status(test, user)
    t.equal(code, 200)
    t.match(body, {
      user_id: user.clerkUserId,
      user_email: user.email,
      authorized: true,
      token_valid: true,
      provider: vendor.id,
      calendar_email: email,
      calendar_name: /./,
      calendar_id: /./,
      calendar_link: /^https:\/\//,
      calendar_verified: true,
      calendar_error: null,
      expires_at: /^\d{4}-\d\d-\d\dT.*Z$/,
      expires_at_formatted: /^\d{1,2}:\d\d\s(AM|PM) on \w+day, \w+ \d{1,2}$/,
    })
    t.not(email, user.email, 'the address is that of the calendar account')
    const left = (new Date(body.expires_at).getTime() - Date.now()) / 60_000
    t.ok(left > 55 && left <= 60, `the token lives for ${left} minutes`)
    t.same((await status(test, user, vendors.google)).body.authorized, vendor.id === 'google', 'the second route tells of Google alone')
    const [row] = await stored(test, user)
    t.match(row, { provider: vendor.id, calendarEmail: email, role: 'destination', state: 'active', timeZone: 'America/Chicago' })
    t.not(row?.accountId, email, 'an account is known by its id, an address may change hands')
    t.match(grants(standIn.ledger, 'authorization_code'), [{ body: { redirect_uri: `http://localhost:8000${vendor.path}/callback` } }])
  })

  t.test(`${vendor.label}: several pages asking at once do not ask the vendor each time`, async (t) => {
    const test = shared.afresh()
    const owner = await test.owner({ vendor: vendor.id })
    test.world[vendor.id].ledger.length = 0
    for (let index = 0; index < 5; index += 1) t.equal((await status(test, owner)).body.calendar_verified, true)
    t.same(test.world[vendor.id].ledger, [])
  })

  t.test(`${vendor.label}: connecting the same account again keeps its row`, async (t) => {
    const test = shared.afresh()
    const owner = await test.owner({ vendor: vendor.id })
    const [before] = await stored(test, owner)
    t.equal((await connect(test, owner, vendor.id, owner.calendarEmail)).searchParams.get('auth'), 'success')
    const [after, ...more] = await stored(test, owner)
    t.same(more, [])
    t.equal(after?.id, before?.id)
    t.not(after?.accessToken, before?.accessToken, 'with the new tokens')
    t.match((await owner.call('get_availability', {})).result, /./, 'which open the calendar')
    t.notOk(
      test.world[vendor.id].ledger.some(({ path }) => path === '/revoke'),
      'and its grant lives on',
    )
  })

  t.test(`${vendor.label}: another account of it takes the place of the first`, async (t) => {
    const test = shared.afresh()
    const owner = await test.owner({ vendor: vendor.id })
    const second = account(test, vendor)
    t.equal((await connect(test, owner, vendor.id, second)).searchParams.get('auth'), 'success')
    t.match(await stored(test, owner), [{ calendarEmail: second }])
    t.equal((await stored(test, owner)).length, 1)
  })

  t.test(`${vendor.label}: two connections at the same moment leave one that works`, async (t) => {
    const test = shared.afresh()
    const other = vendor.id === 'google' ? vendors.microsoft : vendors.google
    const user = test.user()
    const [email, elsewhere] = [account(test, vendor), account(test, other)]
    for (let round = 0; round < 4; round += 1) {
      const callbacks = await Promise.all([
        start(test, user, vendor).then((url) => test.world[vendor.id].signIn(url, email)),
        start(test, user, other).then((url) => test.world[other.id].signIn(url, elsewhere)),
      ])
      const ends = await Promise.all(callbacks.map((callback) => follow(test, callback)))
      t.same(
        ends.map((end) => end.searchParams.get('auth')),
        ['success', 'success'],
      )
      t.equal((await stored(test, user)).length, 1)
      t.match((await status(test, user)).body, { authorized: true, calendar_verified: true })
    }
  })
}

t.test('a calendar of the other vendor takes the place of the first, and ends its grant where that concerns us alone', async (t) => {
  const test = shared.afresh()
  const { google, microsoft } = test.world
  const owner = await test.owner({ vendor: 'google' })
  const email = account(test, vendors.microsoft)
  await connect(test, owner, 'microsoft', email)
  t.match((await status(test, owner)).body, { authorized: true, provider: 'microsoft', calendar_email: email })
  t.match((await status(test, owner, vendors.google)).body, NOT_CONNECTED)
  t.equal((await stored(test, owner)).length, 1)
  t.match(
    google.ledger.filter(({ path }) => path === '/revoke'),
    [{ account: owner.calendarEmail, status: 200 }],
  )
  const asked = microsoft.ledger.length
  await connect(test, owner, 'google', owner.calendarEmail)
  t.match((await status(test, owner)).body, { authorized: true, provider: 'google', calendar_email: owner.calendarEmail })
  t.equal(microsoft.ledger.length, asked, "Microsoft's only revocation would sign the person out everywhere")
})

t.test('disconnecting forgets the tokens and ends the grant, as often as it is asked for', async (t) => {
  const test = shared.afresh()
  const address = await test.app.listen({ port: 0, host: '127.0.0.1' })
  for (const vendor of both) {
    const owner = await test.owner({ vendor: vendor.id })
    const bystander = await test.owner({ vendor: vendor.id })
    for (let index = 0; index < 3; index += 1) {
      // As the frontend does it: the content type, and nothing behind it.
      const headers = { ...owner.headers(), 'content-type': 'application/json' }
      const reply = await fetch(`${address}${vendor.path}/disconnect`, { method: 'DELETE', headers })
      t.equal(reply.status, 200)
      t.same(await reply.json(), { success: true, message: `${vendor.label} disconnected.` })
      t.same(await stored(test, owner), [])
    }
    t.match((await status(test, owner)).body, NOT_CONNECTED)
    t.equal((await stored(test, bystander)).length, 1, 'nobody else is disconnected')
    t.match((await bystander.call('get_availability', {})).result, /./)
    const revoked = test.world[vendor.id].ledger.filter(({ path }) => path === '/revoke')
    t.match(revoked, vendor.id === 'google' ? [{ account: owner.calendarEmail, status: 200 }] : [])
    t.equal(revoked.length, vendor.id === 'google' ? 1 : 0)
  }
})

t.test('disconnecting one vendor leaves the other, and needs a user', async (t) => {
  const test = shared.afresh()
  const owner = await test.owner({ vendor: 'google' })
  await test.app.inject({ method: 'DELETE', url: '/calendar/auth/disconnect', headers: owner.headers() })
  t.match((await status(test, owner)).body, { authorized: true, provider: 'google' })
  t.equal((await test.app.inject({ method: 'DELETE', url: '/calendar/google/auth/disconnect' })).statusCode, 401)
  t.equal((await stored(test, owner)).length, 1)
})

t.test('an account that somebody else has connected too keeps its grant until the last one leaves', async (t) => {
  const test = shared.afresh()
  const { google } = test.world
  const [one, other] = [test.user(), test.user()]
  google.addPerson({ name: 'Front desk', email: 'desk@gmail.example', timeZone: 'America/Chicago' })
  for (const user of [one, other]) t.equal((await connect(test, user, 'google', 'desk@gmail.example')).searchParams.get('auth'), 'success')
  const leave = (user: typeof one) =>
    test.app.inject({ method: 'DELETE', url: '/calendar/google/auth/disconnect', headers: user.headers() })
  const revocations = () => google.ledger.filter(({ path }) => path === '/revoke').length

  t.equal((await leave(one)).statusCode, 200)
  t.equal(revocations(), 0)
  const status = await test.app.inject({ url: '/calendar/auth/status', headers: other.headers() })
  t.match(status.json(), { authorized: true, calendar_verified: true })
  t.equal((await leave(other)).statusCode, 200)
  t.equal(revocations(), 1)
})
