import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import t from 'tap'
import { seedDemo } from '../../scripts/start/demo.ts'
import { freePort } from '../../src/db/free-port.ts'
import { testDatabase } from '../setup/database.ts'
import { runProgram, until } from '../setup/process.ts'
import { startWorld } from '../world/world.ts'

t.test('a service that is killed while it deletes a user goes on with it when it is back', async (t) => {
  const port = await freePort()
  const baseUrl = `http://localhost:${port}`
  const world = await startWorld(baseUrl)
  t.teardown(() => world.stop())
  const database = await testDatabase(t)
  const folder = await mkdtemp(path.join(tmpdir(), 'ringbook-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const certificate = path.join(folder, 'ca.pem')
  await writeFile(certificate, world.ca)
  const env = {
    PORT: String(port),
    LOG_LEVEL: 'fatal',
    DATABASE_URL: database.ownerUrl,
    NODE_EXTRA_CA_CERTS: certificate,
    ...world.settings,
  }
  const isReady = () =>
    fetch(`${baseUrl}/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  const revocations = () => world.google.ledger.filter((entry) => entry.path === '/revoke')

  const first = runProgram(t, 'src/server.ts', env)
  await until('the service', isReady)
  const demo = await seedDemo(baseUrl, world)
  const [user] = world.clerk.users.values()
  world.google.faults.add({ kind: 'silent', path: /revoke/ })
  const headers = { authorization: `Bearer ${world.clerk.secretKey}` }
  fetch(`${baseUrl}/users/by-clerk-id/${user?.id}`, { method: 'DELETE', headers }).catch(() => {})
  await until('the vendor to be asked', () => revocations().length > 0)
  first.child.kill('SIGKILL')
  await first.ended

  runProgram(t, 'src/server.ts', env)
  await until('the service again', isReady)
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
