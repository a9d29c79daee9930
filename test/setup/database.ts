import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Test } from 'tap'
import * as z from 'zod'
import { type Database, openDatabase } from '../../src/db/client.ts'
import { createDatabase, dropDatabase } from '../../src/db/embedded-database.ts'
import { appUrl } from '../../src/db/roles.ts'
import { root } from '../../src/root.ts'

/** The migrated database of which every test gets a copy. */
export const TEMPLATE = 'test_template'

const Server = z.object({ adminUrl: z.string() })

export interface TestDatabase extends Database {
  /** As the service connects: role `ringbook_app`. */
  url: string
  /** As the migrations connect: owner of the schema, no superuser. */
  ownerUrl: string
}

/**
 * A database of this test's own, a copy of the migrated template, dropped at the end. Connected as the service is.
 * @param adminUrl of a server that has the template; default: the one that was started for the tests
 */
export async function testDatabase(t: Pick<Test, 'teardown'>, adminUrl?: string): Promise<TestDatabase> {
  const server = adminUrl ?? Server.parse(JSON.parse(await readFile(path.join(root, '.data/test-postgres.json'), 'utf8'))).adminUrl
  const name = `t_${randomUUID().replaceAll('-', '')}`
  const ownerUrl = await createDatabase(server, name, { template: TEMPLATE })
  const url = appUrl(ownerUrl)
  const database = openDatabase(url, { max: 10 })
  t.teardown(async () => {
    await database.end()
    await dropDatabase(server, name)
  })
  return { ...database, url, ownerUrl }
}
