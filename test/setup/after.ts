import { startEmbeddedPostgres } from '../../src/db/embedded.ts'
import { embeddedFolder } from '../../src/root.ts'

const server = await startEmbeddedPostgres(embeddedFolder('test-postgres'))
await server.stop()
