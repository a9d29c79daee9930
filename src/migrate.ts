import { readConfig } from './config.ts'
import { migrate } from './db/migrate.ts'
import { ensureAppRole } from './db/roles.ts'
import { StartError } from './start-error.ts'

// The process that brings the database up to date: before every deploy, and at the start of the sandbox.
try {
  const config = readConfig(process.env)
  if (config.appRoleIsOurs) await ensureAppRole(config.databaseUrl, config.databaseAppUrl)
  const applied = await migrate(config.databaseUrl)
  process.stdout.write(applied.length === 0 ? 'The database is up to date.\n' : `Applied ${applied.join(', ')}.\n`)
} catch (error) {
  process.stderr.write(error instanceof StartError ? `${error.message}\n` : `${error instanceof Error ? error.stack : error}\n`)
  process.exitCode = 1
}
