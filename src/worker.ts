import closeWithGrace from 'close-with-grace'
import { startBackground } from './background.ts'
import { failToStart, openAll } from './open.ts'

// A process that does background work and nothing else. Every server does it too; of these there may be as many more as are wanted.
await work().catch(failToStart)

async function work(): Promise<void> {
  const { deps, close } = await openAll(process.env)
  const background = await startBackground(deps)
  closeWithGrace({ delay: 10_000, logger: false }, async ({ err }) => {
    if (err) deps.log.fatal({ err }, 'ending after a fault that nobody caught')
    await background.stop()
    await close()
  })
  // Nothing else keeps a process alive that only waits for work.
  setInterval(() => {}, 60_000)
  deps.log.info({ node: process.version }, 'working')
}
