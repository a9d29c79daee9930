import type { Db } from './db/client.ts'
import type { Deps } from './deps.ts'

const AT_ONCE = 100

/** One kind of thing that is stored sealed, of all tenants. */
interface Sealed<Row> {
  /** For operators, in the plural. */
  what: string
  /** Ids of the keys that sealed it. */
  keyIds(db: Db): Promise<string[]>
  /** What another key than this sealed. */
  listElsewhere(db: Db, keyId: string, atMost: number): Promise<Row[]>
  /** Seals one again; false when it was changed meanwhile, or does not open: it then stays as it is. */
  again(row: Row): Promise<boolean>
}

/**
 * Seals again, with the active key, what an older key sealed, so that the older one can be taken out of the settings. May be interrupted
 * and run by several processes: what changed meanwhile is left for the next round. What was damaged opens with no key, and does not keep the
 * service from starting.
 * @throws Error when something was sealed with a key that is not in the settings
 */
export async function reseal<Row>({ db, cipher, log }: Pick<Deps, 'db' | 'cipher' | 'log'>, sealed: Sealed<Row>): Promise<void> {
  const { what, keyIds, listElsewhere, again } = sealed
  const missing = (await keyIds(db)).filter((id) => !cipher.keyIds.includes(id))
  if (missing.length > 0) throw new Error(`TOKEN_ENCRYPTION_KEYS lacks ${missing.join(', ')}: ${what} were sealed with it`)
  for (;;) {
    let changed = 0
    for (const row of await listElsewhere(db, cipher.activeKeyId, AT_ONCE)) if (await again(row)) changed += 1
    if (changed === 0) return
    log.info({ changed, key: cipher.activeKeyId }, `${what} were sealed again`)
  }
}
