import type { Updateable } from 'kysely'
import { inTenant } from '../../src/db/client.ts'
import type { DB } from '../../src/db/schema.ts'
import type { Owner, TestApp } from './app.ts'

/** What her business allows from now on; lists and objects as JSON. */
export function allow({ deps }: Pick<TestApp, 'deps'>, owner: Owner, rules: Updateable<DB['businesses']>): Promise<unknown> {
  const columns = Object.entries(rules).map(([name, value]) => [name, value instanceof Object ? JSON.stringify(value) : value])
  return inTenant(deps.db, owner.clerkUserId, (trx) => trx.updateTable('businesses').set(Object.fromEntries(columns)).execute())
}
