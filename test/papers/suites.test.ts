import { globSync, readFileSync } from 'node:fs'
import t from 'tap'
import { root } from '../../src/root.ts'
import { filesOf } from '../setup/together.ts'

t.test('npm test runs every test file, and each of them once', async (t) => {
  const suites = globSync('test/suites/*.ts', { cwd: root }).map((file) => readFileSync(`${root}/${file}`, 'utf8'))
  const folders = suites.flatMap((text) => [...text.matchAll(/'(\w+)'/g)].map(([, folder = '']) => folder))
  const all = globSync('test/*/**/*.test.ts', { cwd: root }).sort()
  t.ok(all.length > 100)
  t.same(filesOf(folders).sort(), all)
})
