import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'
import { type Database, openDatabase } from '../../src/db/client.ts'

/** A way to the database that can be cut: what stands behind it seems to have died. */
export async function cuttableLine(t: Pick<Test, 'teardown'>, databaseUrl: string): Promise<Database & { cut(): void; mend(): void }> {
  const target = new URL(databaseUrl)
  const lines = new Set<Socket>()
  let whole = true
  const server = createServer((near) => {
    if (!whole) return near.destroy()
    const far = connect(Number(target.port), target.hostname.replace(/^\[|\]$/g, ''))
    for (const end of [near, far]) {
      lines.add(end)
      end
        .on('error', () => {})
        .on('close', () => {
          near.destroy()
          far.destroy()
          lines.delete(end)
        })
    }
    near.pipe(far).pipe(near)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = String((server.address() as AddressInfo).port)
  const database = openDatabase(url.href, { max: 10 })
  t.teardown(async () => {
    await database.end()
    for (const line of lines) line.destroy()
    server.close()
  })
  return {
    ...database,
    cut: () => {
      whole = false
      for (const line of lines) line.destroy()
    },
    mend: () => {
      whole = true
    },
  }
}
