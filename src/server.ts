import closeWithGrace from 'close-with-grace'
import { pino } from 'pino'
import { buildApp } from './app.ts'
import { startBackground } from './background.ts'
import { type Config, readConfig } from './config.ts'
import { createDeps } from './create-deps.ts'
import { type Database, openDatabase } from './db/client.ts'
import { databaseClock } from './db/clock.ts'
import { unfitRole } from './db/roles.ts'
import { whyNoDatabase } from './db/start-failure.ts'
import type { Deps } from './deps.ts'
import { loggerOptions } from './http/logging.ts'
import { resealTokens } from './oauth/reseal.ts'
import { StartError } from './start-error.ts'

// The process: reads the settings, opens the database, listens, and stops in order.
try {
  await serve()
} catch (error) {
  process.stderr.write(
    error instanceof StartError ? `${error.message}\n` : `Ringbook did not start. ${error instanceof Error ? error.stack : error}\n`,
  )
  process.exit(1)
}

async function serve(): Promise<void> {
  const config = readConfig(process.env)
  const log = pino(loggerOptions(config.logLevel))
  const database = openDatabase(config.databaseAppUrl, { onError: (error) => log.warn({ err: error }, 'a database connection was lost') })
  const { deps, clock } = await prepare(config, database, log).catch((error: unknown) => {
    const why = whyNoDatabase(error, config.databaseAppUrl)
    throw why === undefined ? error : new StartError(why, { cause: error })
  })

  let draining = false
  const app = await buildApp(deps, () => draining)
  const running = new Set<Promise<void>>()
  app.server.on('request', (_request, response) => {
    const done = new Promise<void>((resolve) => response.once('close', resolve)).then(() => void running.delete(done))
    running.add(done)
  })
  const background = await startBackground(deps)
  closeWithGrace({ delay: 10_000, logger: false }, async ({ err }) => {
    draining = true
    if (err) log.fatal({ err }, 'ending after a fault that nobody caught')
    // Until these are done we still listen, so that whoever asks /ready hears 503 instead of a refused connection.
    await Promise.all([...running, background.stop()])
    await app.close()
    clock.stop()
    await database.end()
  })
  await app.listen({ port: config.port, host: config.host }).catch((error: unknown) => {
    throw portProblem(error, config.port) ?? error
  })
  log.info(
    { address: config.baseUrl, node: process.version, timeZones: process.versions.tz, providers: [...deps.providers.keys()] },
    'ready',
  )
}

/** All that must be well before the first request. */
async function prepare(config: Config, database: Database, log: Deps['log']) {
  const unfit = await unfitRole(database.db)
  if (unfit !== undefined) throw new StartError(unfit)
  const clock = await databaseClock(database.db)
  const deps = createDeps(config, { db: database.db, clock, log })
  await deps.jobs.prepare()
  await resealTokens(deps) // fails when rows need a key that is not there
  return { deps, clock }
}

function portProblem(error: unknown, port: number): StartError | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') return new StartError(`Something else listens on port ${port}. Stop it, or set another PORT.`)
  return code === 'EACCES' ? new StartError(`Port ${port} needs more rights. Set a PORT above 1023.`) : undefined
}
