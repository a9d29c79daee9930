import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { openDatabase } from '../../src/db/client.ts'
import { account, both, otherThan, stored, type Vendor } from '../oauth/setup.ts'
import { type Owner, testApp } from '../setup/app.ts'
import { frontend } from '../setup/frontend.ts'

// Contract, section 4.4: starting, the vendor's callback, and disconnecting, as server actions and the browser do it.
const PREVIEW = 'https://ringbook-git-fix-1-team.vercel.app'
const HOME = 'http://localhost:3000'
const test = await testApp(t, { CORS_PREVIEW_PATTERN: 'https://ringbook-*-team.vercel.app' })
const { url, action } = await frontend(t, test)

/** The server action: it reads Location and does not follow. */
async function start(user: Owner, vendor: Vendor, origin?: string) {
  const query = origin === undefined ? '' : `?redirect_url=${encodeURIComponent(origin)}`
  const response = await action(user, `${vendor.path}/start${query}`)
  return { status: response.status, location: response.headers.get('location'), body: await response.text() }
}

/** Signs in at the vendor. @returns the callback's address as the browser opens it, at the address where we listen here */
async function consent(vendor: Vendor, location: string | null, email: string, choice?: { deny: boolean }): Promise<string> {
  const callback = await test.world[vendor.id].signIn(location ?? '', email, choice)
  return url + callback.pathname + callback.search
}

/** The browser opens the callback, without any credential. @returns where it is sent */
async function open(t: Test, callback: string) {
  const response = await fetch(callback, { redirect: 'manual' })
  t.equal(response.status, 302)
  t.equal(await response.text(), '', 'never JSON to a person')
  const { origin, pathname, searchParams } = new URL(response.headers.get('location') ?? '')
  return { page: origin + pathname, auth: searchParams.get('auth'), message: searchParams.get('message') ?? '' }
}

async function status(user: Owner): Promise<Record<string, unknown>> {
  return Object(await (await action(user, '/calendar/auth/status')).json())
}

for (const vendor of both) {
  t.test(`${vendor.label}: from Connect to connected, on this machine and on a preview`, async (t) => {
    for (const origin of [undefined, HOME, PREVIEW]) {
      const [user, email] = [test.user(), account(test, vendor)]
      const { status: code, location } = await start(user, vendor, origin)
      t.equal(code, 307, 'any other status is a failure there')
      t.equal(new URL(location ?? '').origin, new URL(test.world[vendor.id].url).origin)
      t.equal(new URL(location ?? '').searchParams.get('redirect_uri'), `http://localhost:8000${vendor.path}/callback`)
      t.notMatch(location, encodeURIComponent(origin ?? HOME), 'where to return is our affair')

      const end = await open(t, await consent(vendor, location, email))

      t.same(end, { page: `${origin ?? HOME}/users`, auth: 'success', message: `${vendor.label} is connected.` })
      t.match(await status(user), { authorized: true, provider: vendor.id, calendar_email: email, calendar_verified: true })
    }
  })

  t.test(`${vendor.label}: whoever asks for JSON by name gets the address in it, everybody else the redirect`, async (t) => {
    const user = test.user()
    const ask = async (accept?: string) => {
      const headers = { ...user.headers(), ...(accept === undefined ? {} : { accept }) }
      return test.app.inject({ url: `${vendor.path}/start?redirect_url=${PREVIEW}`, headers })
    }
    for (const accept of [undefined, '*/*', 'text/html', 'application/*', 'application/json;q=0']) {
      const reply = await ask(accept)
      t.equal(reply.statusCode, 307, accept ?? 'nothing')
      t.ok(reply.headers.location)
    }
    const reply = await ask('application/json')
    t.equal(reply.statusCode, 200)
    t.same(Object.keys(reply.json()), ['authorization_url'])
    const email = account(test, vendor)
    t.match(await open(t, await consent(vendor, reply.json().authorization_url, email)), { page: `${PREVIEW}/users`, auth: 'success' })
    for (const accept of ['application/json, text/plain, */*', 'text/html;q=0.5, Application/JSON; charset=utf-8; q=0.1'])
      t.equal((await ask(accept)).statusCode, 200, accept)
  })

  t.test(`${vendor.label}: a return address that only looks right is 400 in the one error body`, async (t) => {
    const user = test.user()
    const refused = [
      `${PREVIEW}.evil.example`,
      `https://evil.example/${PREVIEW}`,
      'https://evilringbook-git-team.vercel.app',
      PREVIEW.replace('https', 'http'),
      PREVIEW.replace('https://', 'https://user@'),
      `${PREVIEW}:8443`,
      `${PREVIEW}/users`,
      `${HOME}/`,
    ]
    for (const origin of refused) {
      const { status: code, location, body } = await start(user, vendor, origin)
      t.equal(code, 400, origin)
      t.equal(location, null)
      const { message, ...rest } = JSON.parse(body)
      t.same(rest, { status: 'error', code: 'return_origin_refused', detail: message, error: message })
    }
  })

  t.test(`${vendor.label}: a failure returns to where it began, one without a state of ours to the frontend`, async (t) => {
    const [user, email] = [test.user(), account(test, vendor)]
    const begin = async () => (await start(user, vendor, PREVIEW)).location
    const atTheOther = (callback: string) => callback.replace(`${vendor.path}/callback`, `${otherThan(vendor).path}/callback`)
    const fail = async (callback: string, page: string, message: RegExp) => {
      const end = await open(t, callback)
      t.match(end, { page, auth: 'error', message })
      t.notMatch(end.message, /555|<b>/, "nothing of the vendor's")
      t.same(await stored(test, user), [])
    }
    const denied = await consent(vendor, await begin(), email, { deny: true })
    const reflected = `&error_description=${encodeURIComponent('<b>call 555-0100</b>')}`
    await fail(denied + reflected, `${PREVIEW}/users`, /access was not allowed\. Connect again/)
    await fail(denied, `${HOME}/users`, /already used or has expired/)
    await fail(atTheOther(await consent(vendor, await begin(), email)), `${PREVIEW}/users`, /already used or has expired/)
    await fail(`${url}${vendor.path}/callback?code=x&state=${'A'.repeat(43)}`, `${HOME}/users`, /already used or has expired/)
    await fail(`${url}${vendor.path}/callback`, `${HOME}/users`, /already used or has expired/)
  })

  t.test(`${vendor.label}: disconnecting is 200 with a message, as often as it is asked for`, async (t) => {
    const [user, email] = [test.user(), account(test, vendor)]
    const disconnect = async () => {
      // The content type, and nothing behind it.
      const response = await action(user, `${vendor.path}/disconnect`, { method: 'DELETE' })
      t.equal(response.status, 200)
      t.same(await response.json(), { success: true, message: `${vendor.label} disconnected.` })
    }
    await disconnect()
    await open(t, await consent(vendor, (await start(user, vendor, HOME)).location, email))
    t.equal((await status(user)).authorized, true)
    await disconnect()
    await disconnect()
    t.match(await status(user), { authorized: false, provider: null, calendar_email: null })
    t.same(await stored(test, user), [])
  })

  t.test(`${vendor.label}: the profile page's way from the other vendor leaves one connection`, async (t) => {
    const other = otherThan(vendor)
    const owner = await test.owner({ vendor: other.id })
    t.equal((await action(owner, `${other.path}/disconnect`, { method: 'DELETE' })).status, 200)
    const email = account(test, vendor)
    await open(t, await consent(vendor, (await start(owner, vendor, HOME)).location, email))
    t.match(await status(owner), { authorized: true, provider: vendor.id, calendar_email: email })
    await open(t, await consent(other, (await start(owner, other, HOME)).location, owner.calendarEmail))
    t.match(await stored(test, owner), [{ provider: other.id }], 'also where nothing was disconnected before')
    t.equal((await stored(test, owner)).length, 1)
  })

  t.test(`${vendor.label}: without a token it is 401, whatever the query says`, async (t) => {
    const { clerkUserId } = test.user()
    for (const [method, path] of [
      ['GET', 'start'],
      ['DELETE', 'disconnect'],
    ] as const) {
      const query = `user_id=${clerkUserId}&clerk_user_id=${clerkUserId}`
      const response = await fetch(`${url}${vendor.path}/${path}?${query}`, { method, redirect: 'manual' })
      t.equal(response.status, 401)
      t.equal(response.headers.get('location'), null)
    }
  })

  t.test(`${vendor.label}: what cannot be disconnected is no success`, async (t) => {
    const nowhere = openDatabase('postgres://ringbook_app:x@127.0.0.1:1/ringbook')
    const app = await buildApp({ ...test.deps, db: nowhere.db })
    t.teardown(() => app.close())
    const reply = await app.inject({ method: 'DELETE', url: `${vendor.path}/disconnect`, headers: test.user().headers() })
    t.equal(reply.statusCode, 503)
    t.match(reply.json().message, /Try again/)
  })
}
