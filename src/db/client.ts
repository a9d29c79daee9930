import { CamelCasePlugin, Kysely, PostgresDialect, sql, type Transaction } from 'kysely'
import pg from 'pg'
import { AppError } from '../errors.ts'
import { noteStatement } from '../trace.ts'
import type { DB } from './schema.ts'
import { inTurns } from './turns.ts'

export type Db = Kysely<DB>
/** A transaction that belongs to one tenant: row level security shows it that tenant's rows and no others. */
export type TenantDb = Transaction<DB>

/** The service's own connection to Postgres: the database and what ends it. */
export interface Database {
  db: Db
  end(): Promise<void>
}

// For connecting, and for waiting for a free connection.
const WAIT_MS = 1000

/** Statement, lock and idle timeouts are set on the role (`roles.ts`), so that they also hold through a pooler. */
export function openDatabase(url: string, options: { max?: number; onError?: (error: Error) => void } = {}): Database {
  const max = options.max ?? 8
  const pool = new pg.Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: WAIT_MS,
    // The server ends a statement after two seconds; no answer for longer means a half-open line. A transaction's is then closed.
    query_timeout: 3000,
    keepAlive: true,
    idleTimeoutMillis: 30_000,
    application_name: 'ringbook',
    types: {
      getTypeParser: (oid, format) => (oid === pg.types.builtins.DATE ? (text: string) => text : pg.types.getTypeParser(oid, format)),
    },
  })
  // A connection lost its server, idle or in use: the pool makes a new one. Without both listeners the process would end.
  pool.on('error', (error) => options.onError?.(error))
  pool.on('connect', (client) => client.on('error', (error) => options.onError?.(error)))
  return {
    db: new Kysely<DB>({
      dialect: new PostgresDialect({
        pool: { connect: inTurns(max, WAIT_MS, () => pool.connect()), end: () => pool.end(), options: pool.options },
      }),
      plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
      log: ({ queryDurationMillis }) => noteStatement(queryDurationMillis),
    }),
    end: () => pool.end(),
  }
}

/**
 * Runs `work` in a transaction of this tenant. The tenant is set for the transaction alone, so it cannot stay on a pooled connection.
 * Nothing external belongs inside: a vendor that stalls would hold the connection and its locks.
 * @throws AppError when a row was to be added and what it belongs to went meanwhile: `not_signed_in` for the user, `calendar_not_connected`
 * for the connection
 */
export async function inTenant<T>(db: Db, clerkUserId: string, work: (trx: TenantDb) => Promise<T>): Promise<T> {
  try {
    return await transaction(db, clerkUserId, work)
  } catch (error) {
    if (!refersToNothing(error)) throw error
    if (!(await transaction(db, clerkUserId, (trx) => isThere(trx, clerkUserId))))
      throw new AppError('not_signed_in', 'the user was deleted meanwhile', { cause: error })
    if (error.constraint?.endsWith('connection_id_fkey'))
      throw new AppError('calendar_not_connected', 'the calendar was disconnected meanwhile', { cause: error })
    throw error
  }
}

function transaction<T>(db: Db, clerkUserId: string, work: (trx: TenantDb) => Promise<T>): Promise<T> {
  return db.transaction().execute(async (trx) => {
    await sql`select set_config('app.tenant', ${clerkUserId}, true)`.execute(trx)
    return work(trx)
  })
}

/** A foreign key refused a row, because the one that it refers to is gone. */
function refersToNothing(error: unknown): error is pg.DatabaseError {
  return error instanceof pg.DatabaseError && error.code === '23503'
}

async function isThere(trx: TenantDb, clerkUserId: string): Promise<boolean> {
  const found = await trx.selectFrom('users').select('id').where('clerkUserId', '=', clerkUserId).executeTakeFirst()
  return found !== undefined
}

// Connection failures, and what Postgres says while it starts, stops, is full, gave up waiting or had to end a deadlock.
const AWAY = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  '57P01',
  '57P02',
  '57P03',
  '57014',
  '55P03',
  '40P01',
  '53300',
  '53100',
  '25P03',
])

// What the driver says without a code.
const AWAY_WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error)/

/** The database could not be asked in time; nothing is known about what it holds. */
export function databaseIsAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  return AWAY.has(code) || code.startsWith('08') || AWAY_WORDS.test(error.message)
}

// A character zero, which JSON may carry and Postgres cannot keep, and half of a surrogate pair in a JSON column.
const UNSTORABLE = new Set(['22021', '22P02', '22P05'])

/** The database cannot keep this text, whoever sent it. */
export function isUnstorable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && UNSTORABLE.has(String(error.code))
}
