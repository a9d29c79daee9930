import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { holdsTest } from '../setup/titles.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const rows = [...read('docs/failures.md').matchAll(/^\| (F\d+) \|.*\| (.+?) \| (test\/\S+) \|$/gm)].map(
  ([, id, title = '', file = '']) => ({
    id,
    title,
    file,
  }),
)

t.test('every outcome that is promised for a failure names the tests that hold it', async (t) => {
  const promised = [...Array.from({ length: 17 }, (_, index) => `F${index + 1}`), 'F22', 'F23', 'F24', 'F25', 'F27', 'F30']
  t.same([...new Set(rows.map(({ id }) => id))], promised)
  t.equal(rows.length, read('docs/failures.md').match(/^\| F/gm)?.length, 'every row can be read')
  for (const { id, title, file } of rows) t.ok(holdsTest(file, title), `${id}: ${title}`)
})

t.test('no test compares moments by t.match, which takes any Date for any other', async (t) => {
  const moment = /[{,] ?(?:startsAt|endsAt)\b(?=,| \}|: (?:at\(|new Date\())/
  for (const file of globSync('test/**/*.ts', { cwd: root })) {
    const statements = read(file)
      .split(/(?=\bt\.match\()/)
      .slice(1)
      .map((from) => from.slice(0, from.search(/\)(?:\n|;|$)/m) + 1))
    // What is handed to the function that is tried is no part of the pattern.
    const loose = statements.filter((statement) => moment.test(statement.replaceAll(/\.\w+\(\{[^}]*\}\)/g, '')))
    t.same(loose, [], file)
  }
})

t.test('no test lets further rows pass, as t.match does with a list', async (t) => {
  const loose = /\bt\.match\(await (?:\w+\.)*(?:rows|changes|notices|waiting)\([^()]*\), \[/
  for (const file of globSync('test/**/*.ts', { cwd: root })) t.notMatch(read(file), loose, file)
})
