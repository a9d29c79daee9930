import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

// Above what services are known to use, and below what systems give to outgoing connections: such a port may be taken while what listens
// there is started again.
const [LOWEST, HIGHEST] = [10_240, 32_768]
const ATTEMPTS = 50

/** A port of this machine at which nobody listens. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(LOWEST, HIGHEST)
    if (await isFree(port)) return port
  }
  throw new Error(`every one of ${ATTEMPTS} ports was taken`)
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const server = createServer()
  server.once('error', () => resolve(false))
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  return promise
}
