import { createHmac } from 'node:crypto'
import t from 'tap'
import { testApp } from '../setup/app.ts'

t.test('a plain browser connects a calendar with the link of a ticket', async (t) => {
  const test = await testApp(t)
  const { app, world } = test
  const user = test.user()
  world.google.addPerson({ name: 'Dana', email: 'dana@gmail.example', timeZone: 'America/Chicago' })

  const made = await app.inject({ method: 'POST', url: '/calendar/google/auth/ticket', headers: user.headers() })
  t.equal(made.statusCode, 200)
  t.equal(made.json().expires_in, 60)
  const link = new URL(made.json().url)
  t.equal(link.origin, 'http://localhost:8000')

  const opened = await app.inject({ url: link.pathname + link.search })
  t.equal(opened.statusCode, 307)
  const callback = await world.google.signIn(String(opened.headers.location), 'dana@gmail.example')
  const returned = await app.inject({ url: callback.pathname + callback.search })
  t.match(String(returned.headers.location), /^http:\/\/localhost:3000\/users\?auth=success/)
  const status = await app.inject({ url: '/calendar/auth/status', headers: user.headers() })
  t.match(status.json(), { authorized: true, calendar_email: 'dana@gmail.example' })
})

t.test('a ticket opens nothing when it is late, changed, of another vendor, unsigned, or signed by somebody else', async (t) => {
  const test = await testApp(t)
  const { app, deps } = test
  const made = await app.inject({ method: 'POST', url: '/calendar/google/auth/ticket', headers: test.user().headers() })
  const ticket = new URL(made.json().url).searchParams.get('ticket') ?? ''
  const [header = '', body = '', signature = ''] = ticket.split('.')
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString())
  const sign = (head: string, payload: string, key: string) => createHmac('sha256', key).update(`${head}.${payload}`).digest('base64url')
  t.equal(claims.exp - claims.iat, 60, 'seconds')
  const late = encode({ ...claims, iat: claims.iat - 120, exp: claims.exp - 120 })
  const none = encode({ alg: 'none', typ: 'JWT' })

  const wrong = {
    late: `${header}.${late}.${sign(header, late, deps.config.signingSecret)}`,
    changed: `${header}.${encode({ ...claims, sub: 'user_somebodyelse' })}.${signature}`,
    unsigned: `${none}.${body}.`,
    'of another key': `${header}.${body}.${sign(header, body, 'another key than ours')}`,
    nonsense: 'ticket',
  }
  for (const [name, value] of Object.entries(wrong)) {
    const refused = await app.inject({ url: `/calendar/google/auth/connect?ticket=${encodeURIComponent(value)}` })
    t.equal(refused.statusCode, 400, name)
    t.equal(refused.json().code, 'flow_expired', name)
  }
  const elsewhere = await app.inject({ url: `/calendar/auth/connect?ticket=${ticket}` })
  t.equal(elsewhere.statusCode, 400, 'of another vendor')
  t.equal((await app.inject({ url: `/calendar/google/auth/connect?ticket=${ticket}` })).statusCode, 307, 'the ticket itself is good')
  t.equal((await app.inject({ method: 'POST', url: '/calendar/google/auth/ticket' })).statusCode, 401, 'nobody is signed in')
  const strange = await app.inject({
    method: 'POST',
    url: '/calendar/google/auth/ticket?redirect_url=https://evil.example',
    headers: test.user().headers(),
  })
  t.equal(strange.statusCode, 400, 'a strange origin to return to')
})
