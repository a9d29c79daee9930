import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/**
 * Keeps a port until the service takes it over, so that a second start neither waits for us nor touches our database.
 * @returns what gives it free
 * @throws Error that says what to do when the port is taken
 */
export async function holdPort(port: number): Promise<() => Promise<void>> {
  const taken = `Something else listens on port ${port}. Stop it, or choose another port: PORT=${port + 1} npm start`
  // A listener on one address alone would let us bind the rest, and get the requests meant for us.
  if (await listens(port)) throw new Error(taken)
  const holder = createServer((socket) => socket.destroy()).listen(port)
  try {
    await once(holder, 'listening')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE') throw new Error(taken, { cause: error })
    if (code === 'EACCES') throw new Error(`Port ${port} needs more rights. Choose another port: PORT=8000 npm start`, { cause: error })
    throw error
  }
  return async () => {
    holder.close()
    await once(holder, 'close')
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, 'localhost')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
