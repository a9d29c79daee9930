import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { sql } from 'kysely'
import t from 'tap'
import * as z from 'zod'
import { definitions } from '../../src/functions/definitions.ts'
import { jobNames } from '../../src/jobs/jobs.ts'
import { root } from '../../src/root.ts'
import { testApp } from '../setup/app.ts'
import { readDescription } from '../setup/description.ts'
import { holdsTest } from '../setup/titles.ts'

const read = (file: string) => readFileSync(path.join(root, file), 'utf8')

const [before = '', ...sections] = read('docs/requirements.md').split(/^## /m)
const asked = sections.map((text) => {
  const [title = ''] = text.split('\n')
  const [head = [], , ...rows] = [...text.matchAll(/^\|(.*)\|$/gm)].map(([, row = '']) => row.split('|').map((cell) => cell.trim()))
  return { title, head, rows }
})
const promised = asked.filter(({ head }) => head.includes('file'))
const shown = promised.flatMap(({ title, rows }) =>
  rows.map(([from = '', what = '', serves = '', test = '', file = '', ...more]) => ({ title, from, what, serves, test, file, more })),
)

t.test('every requirement document is there, and every row says what serves it and which test shows it', async (t) => {
  t.notMatch(before, /^\|/m)
  t.same(
    asked.map(({ title }) => title.replace(/:.*/, '')),
    ['S0', 'S1', 'S2', 'S3', 'S4', 'Decided otherwise', 'Named as future, and not there'],
  )
  t.equal(promised.length, asked.length - 1, 'only what is not there needs no test')
  for (const row of shown) {
    t.ok(row.from && row.what && row.test && row.file && row.more.length === 0, `${row.title}: ${row.what}`)
    t.match(row.serves, /`[^`]+`/, `${row.title}: ${row.what}`)
  }
})

t.test('every test that is named is there', async (t) => {
  for (const { test, file } of shown) t.ok(existsSync(path.join(root, file)) && holdsTest(file, test), `${file}: ${test}`)
})

t.test('every route, function, job, table, command, setting and file that is named is there', async (t) => {
  const known = await everything(t)
  for (const { title, what, serves } of shown)
    for (const [, name = ''] of serves.matchAll(/`([^`]+)`/g))
      t.ok(
        known.has(name) || (/^[\w./-]+\.\w+$|^Dockerfile$/.test(name) && existsSync(path.join(root, name))),
        `${title}, ${what}: ${name}`,
      )
})

/** By which name the lists may call what this service has. */
async function everything(t: Parameters<typeof testApp>[0]): Promise<Set<string>> {
  const { app, deps } = await testApp(t)
  const { operations } = await readDescription(app)
  // The catalog names tables that the service may not read, too.
  const { rows: columns } = await sql<{ table: string; column: string }>`
    select c.relname as "table", a.attname as "column" from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')`.execute(deps.db)
  const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read('package.json')))
  const pages = ['/openapi.json', '/docs']
  for (const page of pages) t.equal((await app.inject(page)).statusCode, 200, page)
  return new Set([
    ...pages,
    ...operations.map(({ name }) => name),
    ...Object.entries(definitions).flatMap(([name, { aliases }]) => [name, ...Object.keys(aliases)]),
    ...jobNames,
    ...columns.flatMap(({ table, column }) => [table, `${table}.${column}`]),
    ...Object.keys(scripts).flatMap((name) => [`npm ${name}`, `npm run ${name}`]),
    ...[...read('.env.example').matchAll(/^#? ?([A-Z][A-Z0-9_]+)=/gm)].map(([, name = '']) => name),
  ])
}
