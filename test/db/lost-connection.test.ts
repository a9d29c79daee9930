import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import t from 'tap'
import { databaseIsAway, inTenant, openDatabase } from '../../src/db/client.ts'
import { findUser } from '../../src/db/users.ts'
import { testDatabase } from '../setup/database.ts'

t.test('a connection that dies in the middle of a transaction is an error of that request, and the next one works', async (t) => {
  const { url } = await testDatabase(t)
  const lost: Error[] = []
  const database = openDatabase(url, { max: 2, onError: (error) => lost.push(error) })
  t.teardown(() => database.end())
  const killer = new pg.Client({ connectionString: url })
  await killer.connect()
  t.teardown(() => killer.end())

  const inside = inTenant(database.db, 'user_dana', async (trx) => {
    await findUser(trx, 'user_dana')
    await killer.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'ringbook' and pid <> pg_backend_pid()`,
    )
    await delay(50)
    return findUser(trx, 'user_dana')
  })
  // Without a listener on connections in use the process would end here.
  const error = await inside.catch((thrown: unknown) => thrown)
  t.ok(databaseIsAway(error), String(error))
  t.ok(lost.length > 0, 'it was reported')
  t.equal(await inTenant(database.db, 'user_dana', (trx) => findUser(trx, 'user_dana')), undefined)
})
