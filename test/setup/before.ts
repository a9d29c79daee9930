import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { startEmbeddedPostgres } from '../../src/db/embedded.ts'
import { migratedDatabase } from '../../src/db/embedded-database.ts'
import { embeddedFolder, root } from '../../src/root.ts'
import { TEMPLATE } from './database.ts'

// One server for the whole run and one migrated template, of which every test gets a copy. Its data may be lost at any time: no fsync.
const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' }
const server = await startEmbeddedPostgres(embeddedFolder('test-postgres'), settings)
await migratedDatabase(server.adminUrl, TEMPLATE)
await mkdir(path.join(root, '.data'), { recursive: true })
await writeFile(path.join(root, '.data/test-postgres.json'), JSON.stringify({ adminUrl: server.adminUrl }), { mode: 0o600 })
