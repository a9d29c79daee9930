import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import t, { type Test } from 'tap'
import * as z from 'zod'
import { createDatabase, dropDatabase } from '../../src/db/embedded-database.ts'
import { migrate } from '../../src/db/migrate.ts'
import { appUrl, ensureAppRole } from '../../src/db/roles.ts'
import { root } from '../../src/root.ts'
import { testDatabase } from '../setup/database.ts'

async function folder(t: Test): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), 'ringbook-test-'))
  t.teardown(() => rm(made, { recursive: true, force: true }))
  return made
}

/** A database in which nothing was done yet. @returns its owner's address */
async function emptyDatabase(t: Test): Promise<string> {
  const text = await readFile(path.join(root, '.data/test-postgres.json'), 'utf8')
  const { adminUrl } = z.object({ adminUrl: z.string() }).parse(JSON.parse(text))
  const name = `t_${crypto.randomUUID().replaceAll('-', '')}`
  t.teardown(() => dropDatabase(adminUrl, name))
  return createDatabase(adminUrl, name)
}

async function tables(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query(`select tablename as name from pg_tables where schemaname = 'public' order by 1`)
    return rows.map(({ name }) => name)
  } finally {
    await client.end()
  }
}

t.test('the types in db/schema.ts are those of the migrated database', async (t) => {
  const { ownerUrl } = await testDatabase(t)
  const elsewhere = await folder(t) // where no .env can be found
  const verify = (file: string) =>
    spawnSync(
      path.join(root, 'node_modules/.bin/kysely-codegen'),
      [
        '--dialect',
        'postgres',
        '--camel-case',
        '--date-parser',
        'string',
        '--exclude-pattern',
        '{kysely_*,jobs.*}',
        '--url',
        ownerUrl,
        '--out-file',
        file,
        '--verify',
      ],
      { cwd: elsewhere, encoding: 'utf8' },
    )
  const found = verify(path.join(root, 'src/db/schema.ts'))
  t.equal(found.status, 0, `npm run db:types brings it up to date: ${found.stdout}${found.stderr}`)
  const outdated = path.join(elsewhere, 'schema.ts')
  const text = await readFile(path.join(root, 'src/db/schema.ts'), 'utf8')
  await writeFile(outdated, text.replace('  subject: string;\n', ''))
  t.not(verify(outdated).status, 0, 'an outdated file is found out')
})

t.test('migrating an up-to-date database changes nothing', async (t) => {
  const { ownerUrl } = await testDatabase(t)
  const before = await tables(ownerUrl)
  t.same(await migrate(ownerUrl), [])
  t.same(await tables(ownerUrl), before)
})

t.test('of several migrators at once one works, and all end well', async (t) => {
  const url = await emptyDatabase(t)
  const results = await Promise.all(
    Array.from({ length: 3 }, async () => {
      await ensureAppRole(url, appUrl(url))
      return migrate(url)
    }),
  )
  const applied = results.flat()
  t.ok(applied.length > 4 && applied[0]?.startsWith('0001_'), applied.join(' '))
  t.same(applied, [...new Set(applied)].sort(), 'each file once, in order')
  t.same(await migrate(url), [])
})

t.test('a file that fails leaves nothing of the whole round, and the next round does it all', async (t) => {
  const url = await emptyDatabase(t)
  const files = await folder(t)
  await cp(path.join(root, 'migrations'), files, { recursive: true })
  const broken = path.join(files, '9001_broken.sql')
  await writeFile(path.join(files, '9000_fine.sql'), 'create table fine (x int);')
  await writeFile(broken, 'create table half (x int); insert into nowhere values (1);')
  await t.rejects(migrate(url, files), { message: 'Migration 9001_broken failed; nothing was changed.' })
  t.same(
    (await tables(url)).filter((name) => !name.startsWith('kysely_')),
    [],
  )
  await writeFile(broken, 'create table half (x int);')
  const applied = await migrate(url, files)
  t.same(applied.slice(-2), ['9000_fine', '9001_broken'])
  t.ok((await tables(url)).includes('bookings'))
})

/** A database at the schema of an earlier version, and its service's connection: every statement under a tenant of its own. */
async function databaseOf(t: Test, last: string) {
  const url = await emptyDatabase(t)
  const files = await folder(t)
  await cp(path.join(root, 'migrations'), files, {
    recursive: true,
    filter: (source) => !/\d{4}_.*\.sql$/.test(source) || path.basename(source) < last,
  })
  await ensureAppRole(url, appUrl(url))
  await migrate(url, files)
  const client = new pg.Client({ connectionString: appUrl(url) })
  await client.connect()
  t.teardown(() => client.end())
  const as = async (tenant: string, statement: string, values: unknown[] = []) => {
    await client.query('begin')
    try {
      await client.query(`select set_config('app.tenant', $1, true)`, [tenant])
      const { rows } = await client.query(statement, values)
      await client.query('commit')
      return rows
    } catch (error) {
      await client.query('rollback')
      throw error
    }
  }
  return { url, client, as }
}

t.test('users who were here before their ids could be looked up are found by them', async (t) => {
  const { url, client, as } = await databaseOf(t, '0006')
  const [here] = await as('user_here', `insert into users (clerk_user_id) values ('user_here') returning id`)
  const [gone] = await as('user_gone', `insert into users (clerk_user_id, deleted_at) values ('user_gone', now()) returning id`)
  const applied = await migrate(url)
  t.match(applied[0], /^0006_/)
  const ownerOf = async (id: string) => (await client.query(`select directory_find('user', $1) as owner`, [id])).rows[0].owner
  t.equal(await ownerOf(here.id), 'user_here')
  t.equal(await ownerOf(gone.id), null)
  t.same(await as('user_here', 'select clerk_user_id from deleted_users'), [])
  t.same(await as('user_gone', 'select clerk_user_id from deleted_users'), [{ clerk_user_id: 'user_gone' }])
  t.equal((await client.query('select from users')).rowCount, 0, 'and the lock is on again')
  const owner = new pg.Client({ connectionString: url })
  await owner.connect()
  t.teardown(() => owner.end())
  t.equal((await owner.query(`select from users where deleted_at is null`)).rowCount, 0, 'for the owner too')
})

t.test('the database of the version before, in use, comes over whole, and that version goes on working until it is replaced', async (t) => {
  const { url, client, as } = await databaseOf(t, '0006')
  // As the version before writes them. Two users, so that whatever forgets the lock or one of them is seen.
  const users = ['user_one', 'user_two']
  const user = 'insert into users (clerk_user_id, email, first_name) values ($1, $2, $3) on conflict do nothing returning id'
  const agent = `insert into vapi_agents (clerk_user_id, vapi_assistant_id, agent_name, config, secret_digest)
    values ($1, $2, 'Desk', $3, $4) returning agent_id, config`
  const config = JSON.stringify({ model: { messages: [] }, 10: 'ä', voice: null })
  const connection = `insert into oauth_tokens (clerk_user_id, provider, account_id, calendar_email, calendar_id, calendar_name, calendar_link,
      role, access_token, refresh_token, expires_at, scopes)
    values ($1, 'google', $2, 'a@b.example', 'c', 'n', 'https://c.example', 'destination', 'v1.k1.a', 'v1.k1.r', now(), '{}') returning id`
  const booking = `insert into bookings (clerk_user_id, appointment_id, connection_id, operation_key, call_key, status, subject, starts_at, ends_at,
      during, time_zone, leased_until)
    select $1, gen_random_uuid(), $2, $3, $3, $4, 'Viewing', s, s + interval '1 hour', tstzrange(s, s + interval '1 hour'), 'America/Chicago', now()
    from (values ($5::timestamptz)) x (s) returning id`
  for (const [index, one] of users.entries()) {
    await as(one, user, [one, `${one}@example.com`, 'Dana'])
    await as(one, `insert into businesses (clerk_user_id, name) values ($1, 'Dana')`, [one])
    await as(one, `select directory_claim('assistant', $1), directory_claim('secret', $2)`, [`assistant-${one}`, `digest-${one}`])
    await as(one, agent, [one, `assistant-${one}`, config, `digest-${one}`])
    await as(one, agent, [one, null, null, null])
    const [{ id }] = await as(one, connection, [one, `account-${index}`])
    for (const [hour, status] of ['held', 'confirmed', 'cancelled', 'failed'].entries())
      await as(one, booking, [one, id, `${one}-${hour}`, status, `2026-12-01T0${hour}:00:00Z`])
    await as(one, `insert into oauth_flows values ($1, 'google', 'hash', 'verifier', 'https://www.example.com')`, [one])
  }
  const tablesBefore = (await tables(url)).filter((name) => !/^kysely_|^rate_limits$|^directory$/.test(name))
  const dump = async () => {
    const found: Record<string, unknown[]> = {}
    for (const table of tablesBefore) for (const one of users) found[`${table} of ${one}`] = await as(one, `select * from ${table}`)
    return found
  }
  const before = await dump()
  t.ok(
    Object.values(before).every((rows) => rows.length > 0),
    'every table of it holds rows',
  )

  t.match((await migrate(url))[0], /^0006_/)

  const after = await dump()
  for (const [name, rows] of Object.entries(before)) t.match(after[name], rows, name)
  for (const one of users) {
    const { rows } = await client.query(`select directory_find('assistant', $1) as assistant, directory_find('secret', $2) as secret`, [
      `assistant-${one}`,
      `digest-${one}`,
    ])
    t.same(rows, [{ assistant: one, secret: one }])
  }
  t.equal((await client.query('select from oauth_tokens')).rowCount, 0, 'the locks are on')

  // The version before is still serving.
  const [{ id }] = await as('user_three', user, ['user_three', null, null])
  t.same((await client.query(`select directory_find('user', $1) as owner`, [id])).rows, [{ owner: 'user_three' }], 'the new one finds her')
  t.same(await as('user_three', user, ['user_three', null, null]), [], 'and she is made once')
  t.match(await as('user_one', agent, ['user_one', 'assistant-new', config, null]), [{ config: JSON.parse(config) }])
  await as('user_one', `update vapi_agents set agent_name = 'Other', secret_digest = 'x' where clerk_user_id = 'user_one'`)
  const [{ id: connectionId }] = await as('user_three', connection, ['user_three', 'account-3'])
  await as('user_three', booking, ['user_three', connectionId, 'key', 'held', '2026-12-01T00:00:00Z'])
  await t.rejects(as('user_three', booking, ['user_three', connectionId, 'other', 'held', '2026-12-01T00:30:00Z']), { code: '23P01' })
  await as('user_three', 'delete from oauth_tokens')
  t.match((await client.query(`select * from oauth_flow_consume('hash')`)).rowCount, 2)

  // Whom the new one has deleted, the version before does not make anew, whatever token she still has.
  await as('user_two', `insert into deleted_users (clerk_user_id) values ('user_two')`)
  await as('user_two', 'delete from users')
  await t.rejects(as('user_two', user, ['user_two', null, null]), { message: /deleted/ })
})

t.test('a migration that has to wait for a table keeps nobody else from it', async (t) => {
  const { url, client, as } = await databaseOf(t, '0006')
  await as('user_here', `insert into users (clerk_user_id) values ('user_here')`)
  await client.query(`begin; select from users`)
  const migrated = migrate(url)
  const visitor = new pg.Client({ connectionString: appUrl(url) })
  await visitor.connect()
  t.teardown(() => visitor.end())
  const waits: number[] = []
  for (let visit = 0; visit < 25; visit += 1) {
    const startedAt = performance.now()
    await visitor.query('select from users')
    waits.push(performance.now() - startedAt)
    await new Promise((done) => setTimeout(done, 100))
  }
  t.ok(Math.max(...waits) < 900, `the longest wait: ${Math.round(Math.max(...waits))} ms`)
  t.ok(Math.max(...waits) > 50, 'it has tried')
  await client.query('commit')
  t.match((await migrated)[0], /^0006_/)
})
