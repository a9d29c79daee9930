import t from 'tap'
import { account, add, both, follow, otherThan, outcome, stored } from '../oauth/setup.ts'
import { testApp } from '../setup/app.ts'
import { frontend } from '../setup/frontend.ts'

// Contract, section 4.10: names of the requirement documents that the frontend does not call. One test after the other, in the order of the table.
const test = await testApp(t)
const { action } = await frontend(t, test)

t.test('DELETE /calendar/disconnect: the vendor of the destination, or the named one', async (t) => {
  for (const vendor of both) {
    const other = otherThan(vendor)
    const disconnect = async (query = '') => {
      const response = await action(owner, `/calendar/disconnect${query}`, { method: 'DELETE' })
      return { code: response.status, body: await response.json() }
    }
    const owner = await test.owner({ vendor: vendor.id })
    const { email } = await add(test, owner, other, 'busy')

    t.match(await disconnect('?provider=icloud'), { code: 400, body: { code: 'invalid_request' } })
    t.equal((await stored(test, owner)).length, 2)
    t.same(await disconnect(), { code: 200, body: { success: true, message: `${vendor.label} disconnected.` } })
    t.match(await stored(test, owner), [{ calendarEmail: email }], 'what is busy at the other vendor stays')
    t.same(await disconnect(), { code: 200, body: { success: true, message: 'No calendar was connected.' } })
    for (let round = 0; round < 2; round += 1)
      t.same(await disconnect(`?provider=${other.id}`), { code: 200, body: { success: true, message: `${other.label} disconnected.` } })
    t.same(await stored(test, owner), [])
    t.equal((await test.app.inject({ method: 'DELETE', url: '/calendar/disconnect' })).statusCode, 401)
  }
})

t.test('GET /calendar/auth/start?provider=: the same as the start of that vendor', async (t) => {
  for (const vendor of both) {
    const [user, email] = [test.user(), account(test, vendor)]
    const response = await action(user, `/calendar/auth/start?provider=${vendor.id}&redirect_url=http://localhost:3000`)
    t.equal(response.status, 307)
    const page = new URL(response.headers.get('location') ?? '')
    t.equal(page.searchParams.get('redirect_uri'), `http://localhost:8000${vendor.path}/callback`)
    t.match(outcome(await follow(test, await test.world[vendor.id].signIn(page, email))), { auth: 'success' })
    t.match(await (await action(user, '/calendar/auth/status')).json(), { authorized: true, provider: vendor.id, calendar_email: email })
  }
  for (const query of ['?provider=icloud', '?provider=', '?provider=Google', '?provider=google&provider=microsoft']) {
    const response = await action(test.user(), `/calendar/auth/start${query}`)
    t.equal(response.status, 400, query)
    t.match(await response.json(), { status: 'error', code: 'invalid_request' })
  }
  t.equal((await action(test.user(), '/calendar/google/auth/start?provider=microsoft')).status, 400, "not at the other vendor's own door")
})
