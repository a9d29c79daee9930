import closeWithGrace from 'close-with-grace'
import { buildApp } from './app.ts'
import { startBackground } from './background.ts'
import { failToStart, openAll } from './open.ts'
import { StartError } from './start-error.ts'

// The process: reads the settings, opens the database, listens, does background work, and stops in order.
await serve().catch(failToStart)

async function serve(): Promise<void> {
  const { deps, close } = await openAll(process.env)
  const { config, log } = deps
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
    await close()
  })
  await app.listen({ port: config.port, host: config.host }).catch((error: unknown) => {
    throw portProblem(error, config.port) ?? error
  })
  log.info(
    { address: config.baseUrl, node: process.version, timeZones: process.versions.tz, providers: [...deps.providers.keys()] },
    'ready',
  )
}

function portProblem(error: unknown, port: number): StartError | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') return new StartError(`Something else listens on port ${port}. Stop it, or set another PORT.`)
  return code === 'EACCES' ? new StartError(`Port ${port} needs more rights. Set a PORT above 1023.`) : undefined
}
