import { createHmac } from 'node:crypto'
import { sql } from 'kysely'
import pg from 'pg'
import type { Db } from './client.ts'

/** The role that the service runs as. It owns nothing, so row level security binds it. */
const APP_ROLE = 'ringbook_app'

// Waiting longer than this, a caller would rather hear that the diary does not answer.
const TIMEOUTS = { statement_timeout: '2s', lock_timeout: '1s', idle_in_transaction_session_timeout: '5s' }

/** Where the service connects when DATABASE_APP_URL is unset: its own role at the owner's address. */
export function appUrl(ownerUrl: string): string {
  const url = new URL(ownerUrl)
  const password = createHmac('sha256', decodeURIComponent(url.password)).update(`role ${APP_ROLE}`).digest('base64url')
  url.username = APP_ROLE
  url.password = password
  return url.href
}

/** Makes the service's role, or brings its password and timeouts up to date. To be run by the owner of the schema, before the migrations. */
export async function ensureAppRole(ownerUrl: string, serviceUrl: string): Promise<void> {
  const service = new URL(serviceUrl)
  if (decodeURIComponent(service.username) !== APP_ROLE) {
    throw new Error(`DATABASE_APP_URL must name the role ${APP_ROLE}, not "${decodeURIComponent(service.username)}".`)
  }
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect()
  try {
    const role = client.escapeIdentifier(APP_ROLE)
    const password = client.escapeLiteral(decodeURIComponent(service.password))
    await client.query('begin')
    await client.query(`select pg_advisory_xact_lock(hashtext('ringbook role'))`)
    const { rowCount } = await client.query('select from pg_roles where rolname = $1', [APP_ROLE])
    if (rowCount === 0) await client.query(`create role ${role} login noinherit`)
    await client.query(`alter role ${role} login password ${password}`)
    for (const statement of limits()) await client.query(statement)
    await client.query('commit')
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== '42501') throw error
    throw new Error(
      `The owner of the database may not make the role ${APP_ROLE}. Make it as an administrator: "create role ${APP_ROLE} login password '…'; ` +
        `${limits().join('; ')}", and give its address as DATABASE_APP_URL.`,
      { cause: error },
    )
  } finally {
    await client.end()
  }
}

/**
 * Why the service must not run as the role it connected with, and what to do about it; `undefined` when the role is fit. A superuser or
 * owner would see every tenant's rows; without limits one slow statement would keep a caller waiting.
 */
export async function unfitRole(db: Db): Promise<string | undefined> {
  const { rows } = await sql<{ superuser: boolean; bypass: boolean; owner: boolean; unlimited: boolean }>`
    select r.rolsuper as superuser, r.rolbypassrls as bypass,
      exists (select from pg_class c where c.relowner = r.oid and c.relnamespace = 'public'::regnamespace) as owner,
      '0' in (${sql.join(Object.keys(TIMEOUTS).map((name) => sql`current_setting(${name})`))}) as unlimited
    from pg_roles r where r.rolname = current_user`.execute(db)
  const found = rows[0]
  const remedy = `Unset DATABASE_APP_URL, or let it name ${APP_ROLE}.`
  if (found?.superuser) return `The service must not connect to the database as a superuser. ${remedy}`
  if (found?.bypass) return `The service must not connect to the database as a role that may bypass row level security. ${remedy}`
  if (found?.owner) return `The service must not connect to the database as the owner of its tables. ${remedy}`
  if (!found?.unlimited) return undefined
  return `The role ${APP_ROLE} has no time limits. As an administrator: ${limits().join('; ')}`
}

function limits(): string[] {
  return Object.entries(TIMEOUTS).map(([name, value]) => `alter role ${APP_ROLE} set ${name} = '${value}'`)
}
