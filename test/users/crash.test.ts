import pg from 'pg'
import t from 'tap'
import { seedDemo } from '../../scripts/start/demo.ts'
import { inTenant } from '../../src/db/client.ts'
import { until } from '../setup/process.ts'
import { startedService, surroundings } from '../setup/service.ts'

t.test('a service that is killed while it deletes a user goes on with it when it is back', async (t) => {
  const around = await surroundings(t)
  const { world, database, baseUrl } = around
  const env = { ...around.env, SETTLE_INTERVAL_MS: '500', JOB_POLL_MS: '200' }
  const revocations = () => world.google.ledger.filter((entry) => entry.path === '/revoke')

  const first = await startedService(t, { baseUrl, env })
  const demo = await seedDemo(baseUrl, world)
  const [user] = world.clerk.users.values()
  world.google.faults.add({ kind: 'silent', path: /revoke/ })
  const headers = { authorization: `Bearer ${world.clerk.secretKey}` }
  fetch(`${baseUrl}/users/by-clerk-id/${user?.id}`, { method: 'DELETE', headers }).catch(() => {})
  await until('the vendor to be asked', () => revocations().length > 0)
  first.child.kill('SIGKILL')
  await first.ended
  // As if it had died as long ago as it had taken her connection for itself.
  await inTenant(database.db, user?.id ?? '', (trx) =>
    trx
      .updateTable('oauthTokens')
      .set({ leasedUntil: new Date(0) })
      .execute(),
  )

  await startedService(t, { baseUrl, env })
  const me = await fetch(`${baseUrl}/users/me`, { headers: { authorization: `Bearer ${demo.token}` } })
  t.equal(me.status, 401, 'she is out from the first moment on')
  const owner = new pg.Client({ connectionString: database.ownerUrl })
  await owner.connect()
  t.teardown(() => owner.end())
  // The one policy that lets the owner see users shows the deleted ones.
  await until('her rows to go', async () => (await owner.query('select from users')).rowCount === 0)
  t.match(revocations().at(-1), { account: demo.calendar.email, status: 200 })
  t.equal((await owner.query('select from oauth_tokens')).rowCount, 0)
})
