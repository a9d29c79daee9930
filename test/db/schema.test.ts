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
        'kysely_*',
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

t.test('users who were here before their ids could be looked up are found by them', async (t) => {
  const url = await emptyDatabase(t)
  const files = await folder(t)
  await cp(path.join(root, 'migrations'), files, { recursive: true, filter: (source) => !/00(0[6-9]|[1-9]\d)_/.test(source) })
  await ensureAppRole(url, appUrl(url))
  t.match((await migrate(url, files)).at(-1), /^0005_/)
  const client = new pg.Client({ connectionString: appUrl(url) })
  await client.connect()
  t.teardown(() => client.end())
  const as = async (tenant: string, statement: string) => {
    await client.query('begin')
    await client.query(`select set_config('app.tenant', $1, true)`, [tenant])
    const { rows } = await client.query(statement)
    await client.query('commit')
    return rows
  }
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
