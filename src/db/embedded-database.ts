import { createHmac } from 'node:crypto'
import pg from 'pg'
import { migrate } from './migrate.ts'
import { appUrl, ensureAppRole } from './roles.ts'

const OWNER_ROLE = 'ringbook_owner'

/**
 * A database on an embedded server, owned by a role that is no superuser, as at a hosting provider. One of that name is dropped first,
 * unless it is to be kept; `template` makes it a copy of another instead of empty.
 * @returns the owner's address of it
 */
export async function createDatabase(adminUrl: string, name: string, options: { template?: string; keep?: boolean } = {}): Promise<string> {
  const url = new URL(adminUrl)
  const password = createHmac('sha256', decodeURIComponent(url.password)).update(`role ${OWNER_ROLE}`).digest('base64url')
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    await client.query(`do $$ begin
      create role ${OWNER_ROLE} login createrole password '${password}';
    exception when duplicate_object or unique_violation then null; end $$`)
    const database = client.escapeIdentifier(name)
    if (!options.keep) await client.query(`drop database if exists ${database} with (force)`)
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name])
    if (rowCount === 0) {
      const template = client.escapeIdentifier(options.template ?? 'template1')
      await client.query(`create database ${database} owner ${OWNER_ROLE} template ${template} strategy file_copy`)
    }
  } finally {
    await client.end()
  }
  url.username = OWNER_ROLE
  url.password = password
  url.pathname = `/${name}`
  return url.href
}

/** A database with the schema in it, and the role for the service. Otherwise as `createDatabase`. */
export async function migratedDatabase(adminUrl: string, name: string, options: { keep?: boolean } = {}): Promise<string> {
  const ownerUrl = await createDatabase(adminUrl, name, options)
  await ensureAppRole(ownerUrl, appUrl(ownerUrl))
  await migrate(ownerUrl)
  return ownerUrl
}

/** Drops what `createDatabase` made; connections that are still open are cut. */
export async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    await client.query(`drop database if exists ${client.escapeIdentifier(name)} with (force)`)
  } finally {
    await client.end()
  }
}
