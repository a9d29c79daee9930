import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startEmbeddedPostgres } from '../src/db/embedded.ts'
import { migratedDatabase } from '../src/db/embedded-database.ts'
import { embeddedFolder, root } from '../src/root.ts'

// Writes src/db/schema.ts from a freshly migrated database; with --verify it writes nothing and fails when the file is out of date.
const verify = process.argv.includes('--verify')
const folder = embeddedFolder('types-postgres')
const server = await startEmbeddedPostgres(folder, { fsync: 'off' })
const home = await mkdtemp(path.join(tmpdir(), 'ringbook-types-'))
try {
  const url = await migratedDatabase(server.adminUrl, 'types')
  const codegen = ['--dialect', 'postgres', '--camel-case', '--date-parser', 'string', '--exclude-pattern', '{kysely_*,jobs.*}']
  const { status } = spawnSync(
    path.join(root, 'node_modules/.bin/kysely-codegen'),
    [...codegen, '--url', url, '--out-file', path.join(root, 'src/db/schema.ts'), ...(verify ? ['--verify'] : [])],
    { stdio: 'inherit', cwd: home },
  )
  process.exitCode = status ?? 1
} finally {
  await server.stop()
  await rm(home, { recursive: true, force: true })
  await rm(folder, { recursive: true, force: true })
}
