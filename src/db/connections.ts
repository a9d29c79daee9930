import { sql } from 'kysely'
import type { Db, TenantDb } from './client.ts'
import { inMs } from './in-ms.ts'

/** A user's consent for one account at one vendor, with the calendar chosen there. Tokens are sealed. */
export interface Connection {
  clerkUserId: string
  id: string
  provider: string
  accountId: string
  calendarEmail: string
  /** The chosen one: bookings go there when this is the destination. Its busy times count in either role. */
  calendarId: string
  calendarName: string
  calendarLink: string
  timeZone: string | null
  /** Lengths of appointments that it takes, the usual one first; none: any. */
  appointmentMinutes: number[]
  /** Further calendars of the account whose busy times count. */
  busyCalendarIds: string[]
  /** destination: bookings go there; busy: its busy times count. */
  role: string
  accessToken: string
  refreshToken: string
  expiresAt: Date
  /** Of the access token, by the database's clock, when the row was read. Negative once it has expired. */
  secondsLeft: number
  /** When the vendor last gave tokens. */
  tokenRefreshedAt: Date
  /** What the grant allows, in the vendor's words. */
  scopes: string[]
  /** active | reconnect: only the user can repair it | ending: out of use */
  state: string
  /** The last read of its calendars that worked. */
  verifiedAt: Date | null
  /** Since that read, by the database's clock; `null`: a later one failed. */
  verifiedSecondsAgo: number | null
}

/** What the owner decides about a connection: its role, and which calendars of the account count. */
export type Choice = Pick<
  Connection,
  'role' | 'calendarId' | 'calendarName' | 'calendarLink' | 'timeZone' | 'appointmentMinutes' | 'busyCalendarIds'
>

export type NewConnection = Choice &
  Pick<Connection, 'clerkUserId' | 'id' | 'provider' | 'accountId' | 'calendarEmail' | 'accessToken' | 'refreshToken' | 'scopes'> & {
    expiresInSeconds: number
  }

const COLUMNS = [
  'clerkUserId',
  'id',
  'provider',
  'accountId',
  'calendarEmail',
  'calendarId',
  'calendarName',
  'calendarLink',
  'timeZone',
  'appointmentMinutes',
  'busyCalendarIds',
  'role',
  'accessToken',
  'refreshToken',
  'expiresAt',
  'tokenRefreshedAt',
  'scopes',
  'state',
  'verifiedAt',
] as const

const secondsLeft = sql<number>`extract(epoch from expires_at - now())::double precision`.as('secondsLeft')
const verifiedSecondsAgo = sql<
  number | null
>`case when last_error is null then extract(epoch from now() - verified_at)::double precision end`.as('verifiedSecondsAgo')

/** Those in use, the destination first. */
export function listConnections(trx: TenantDb, clerkUserId: string): Promise<Connection[]> {
  return inUse(trx, clerkUserId).orderBy(sql`role = 'destination'`, 'desc').orderBy('createdAt').execute()
}

/** In use, or `undefined`. */
export function findConnection(trx: TenantDb, clerkUserId: string, id: string): Promise<Connection | undefined> {
  return inUse(trx, clerkUserId).where('id', '=', id).executeTakeFirst()
}

function inUse(trx: TenantDb, clerkUserId: string) {
  return connectionsOf(trx, clerkUserId).where('state', '<>', 'ending')
}

function connectionsOf(trx: TenantDb, clerkUserId: string) {
  return trx
    .selectFrom('oauthTokens')
    .select([...COLUMNS, secondsLeft, verifiedSecondsAgo])
    .where('clerkUserId', '=', clerkUserId)
}

/** The row of this account, in use or being ended: then it is not deleted before this transaction is over. */
export function findAccount(
  trx: TenantDb,
  account: { clerkUserId: string; provider: string; accountId: string },
): Promise<Connection | undefined> {
  return connectionsOf(trx, account.clerkUserId)
    .where('provider', '=', account.provider)
    .where('accountId', '=', account.accountId)
    .forUpdate()
    .executeTakeFirst()
}

/**
 * Connecting an account again keeps its row, also one that was being ended. Only after a read of the calendar that worked: it counts as
 * verified now.
 */
export async function saveConnection(trx: TenantDb, { expiresInSeconds, ...connection }: NewConnection): Promise<void> {
  const fresh = {
    ...connection,
    expiresAt: inMs(expiresInSeconds * 1000),
    tokenRefreshedAt: sql<Date>`now()`,
    state: 'active',
    endingAt: null,
    verifiedAt: sql<Date>`now()`,
    lastError: null,
    refreshLease: null,
    leasedUntil: null,
  }
  const { clerkUserId: _owner, id: _row, provider: _vendor, accountId: _account, ...changes } = fresh
  await trx
    .insertInto('oauthTokens')
    .values(fresh)
    .onConflict((conflict) =>
      conflict.columns(['clerkUserId', 'provider', 'accountId']).doUpdateSet({ ...changes, updatedAt: sql<Date>`now()` }),
    )
    .execute()
}

/** What its owner decided, from now on. There is one destination at a time: the former one gives way first. */
export async function chooseOfConnection(
  trx: TenantDb,
  connection: { clerkUserId: string; id: string },
  { role, calendarId, calendarName, calendarLink, timeZone, appointmentMinutes, busyCalendarIds }: Choice,
): Promise<void> {
  await trx
    .updateTable('oauthTokens')
    .set({ role, calendarId, calendarName, calendarLink, timeZone, appointmentMinutes, busyCalendarIds, updatedAt: sql<Date>`now()` })
    .where('clerkUserId', '=', connection.clerkUserId)
    .where('id', '=', connection.id)
    .execute()
}

/**
 * Out of use from now on, for everybody. Whoever refreshes one of them finds that its result is not stored.
 * @param leaseMs for how long nobody else ends them
 */
export async function markEnding(trx: TenantDb, clerkUserId: string, connections: Connection[], leaseMs: number): Promise<void> {
  if (connections.length === 0) return
  const ids = connections.map((one) => one.id)
  await trx
    .updateTable('oauthTokens')
    .set({
      state: 'ending',
      endingAt: sql<Date>`now()`,
      refreshLease: null,
      leasedUntil: inMs(leaseMs),
      updatedAt: sql<Date>`now()`,
    })
    .where('clerkUserId', '=', clerkUserId)
    .where('id', 'in', ids)
    .where('state', '<>', 'ending')
    .execute()
}

/** A connection that is being ended; `undefined` when it is gone, or in use again. */
export function findEnding(trx: TenantDb, clerkUserId: string, id: string): Promise<Connection | undefined> {
  return connectionsOf(trx, clerkUserId).where('id', '=', id).where('state', '=', 'ending').executeTakeFirst()
}

/** Deletes a connection that is being ended; one that is in use again stays. @param afterMs only when it has been ending for so long */
export async function forgetEnding(trx: TenantDb, { clerkUserId, id }: { clerkUserId: string; id: string }, afterMs = 0): Promise<void> {
  const due = await trx
    .selectFrom('oauthTokens')
    .select('id')
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .where('state', '=', 'ending')
    .where(sql<boolean>`ending_at <= now() - ${afterMs} * interval '1 millisecond'`)
    .forUpdate()
    .executeTakeFirst()
  if (!due) return
  while (await unlinkBookings(trx, clerkUserId, id));
  await trx.deleteFrom('oauthTokens').where('clerkUserId', '=', clerkUserId).where('id', '=', id).execute()
}

// The foreign key would unlink them all in one statement, and of a busy owner they are more than that may take.
const UNLINKED_AT_ONCE = 250

/** @returns whether there may be more */
async function unlinkBookings(trx: TenantDb, clerkUserId: string, connectionId: string): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('bookings')
    .set({ connectionId: null })
    .where('clerkUserId', '=', clerkUserId)
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('bookings')
        .select('id')
        .where('clerkUserId', '=', clerkUserId)
        .where('connectionId', '=', connectionId)
        .limit(UNLINKED_AT_ONCE),
    )
    .executeTakeFirstOrThrow()
  return numUpdatedRows === BigInt(UNLINKED_AT_ONCE)
}

/** Connections that somebody left while ending them, of all tenants, leased to us. */
export async function claimEnding(db: Db, leaseMs: number, atMost: number): Promise<{ clerkUserId: string; id: string }[]> {
  const { rows } = await sql<{ clerkUserId: string; id: string }>`select * from oauth_tokens_claim_ending(${leaseMs}, ${atMost})`.execute(
    db,
  )
  return rows
}

/**
 * Takes the right to refresh, unless somebody has it or the token is good already.
 * @param refused sealed access token that the vendor did not take: refresh although it has not expired
 * @returns the row as it is now, or `undefined` when there is nothing for the caller to do but look again
 */
export function leaseRefresh(
  trx: TenantDb,
  connection: { clerkUserId: string; id: string },
  lease: { holder: string; leaseMs: number; aheadMs: number; refused: string | undefined },
): Promise<Connection | undefined> {
  return trx
    .updateTable('oauthTokens')
    .set({ refreshLease: lease.holder, leasedUntil: inMs(lease.leaseMs) })
    .where('clerkUserId', '=', connection.clerkUserId)
    .where('id', '=', connection.id)
    .where('state', '=', 'active')
    .where((eb) => eb.or([eb('leasedUntil', 'is', null), eb('leasedUntil', '<', sql<Date>`now()`)]))
    .where((eb) =>
      eb.or([eb('expiresAt', '<', inMs(lease.aheadMs)), ...(lease.refused === undefined ? [] : [eb('accessToken', '=', lease.refused)])]),
    )
    .returning([...COLUMNS, secondsLeft, verifiedSecondsAgo])
    .executeTakeFirst()
}

/** Only the holder of the lease stores, so an older token never replaces a newer one. */
export function storeRefreshed(
  trx: TenantDb,
  connection: { clerkUserId: string; id: string },
  holder: string,
  tokens: { accessToken: string; refreshToken: string; expiresInSeconds: number },
): Promise<Connection | undefined> {
  return trx
    .updateTable('oauthTokens')
    .set({
      accessToken: tokens.accessToken,
      refreshToken: tokens.refreshToken,
      expiresAt: inMs(tokens.expiresInSeconds * 1000),
      tokenRefreshedAt: sql<Date>`now()`,
      refreshLease: null,
      leasedUntil: null,
      updatedAt: sql<Date>`now()`,
    })
    .where('clerkUserId', '=', connection.clerkUserId)
    .where('id', '=', connection.id)
    .where('refreshLease', '=', holder)
    .returning([...COLUMNS, secondsLeft, verifiedSecondsAgo])
    .executeTakeFirst()
}

/** Nobody refreshes it now: only the holder of the lease says so. */
export async function releaseRefresh(trx: TenantDb, connection: { clerkUserId: string; id: string }, holder: string): Promise<void> {
  await trx
    .updateTable('oauthTokens')
    .set({ refreshLease: null, leasedUntil: null })
    .where('clerkUserId', '=', connection.clerkUserId)
    .where('id', '=', connection.id)
    .where('refreshLease', '=', holder)
    .execute()
}

/**
 * Only the user can repair it now. Not for tokens that were replaced, or taken out of use, in the meantime.
 * @returns whether it is this call that found it out
 */
export async function markReconnect(trx: TenantDb, connection: Connection, lastError: string): Promise<boolean> {
  const marked = await trx
    .updateTable('oauthTokens')
    .set({ state: 'reconnect', lastError, refreshLease: null, leasedUntil: null, updatedAt: sql<Date>`now()` })
    .where('clerkUserId', '=', connection.clerkUserId)
    .where('id', '=', connection.id)
    .where('refreshToken', '=', connection.refreshToken)
    .where('state', '=', 'active')
    .executeTakeFirst()
  return marked.numUpdatedRows > 0n
}

/** What the last look at the calendars found: `null` when all could be read. */
export async function recordCheck(trx: TenantDb, connection: { clerkUserId: string; id: string }, lastError: string | null): Promise<void> {
  await trx
    .updateTable('oauthTokens')
    .set({ lastError, ...(lastError === null ? { verifiedAt: sql<Date>`now()` } : {}) })
    .where('clerkUserId', '=', connection.clerkUserId)
    .where('id', '=', connection.id)
    .execute()
}

/** Ids of the keys that sealed the stored tokens, over all tenants. */
export async function sealingKeys(db: Db): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select * from oauth_tokens_sealing_keys() as id`.execute(db)
  return rows.map((row) => row.id)
}

/** Rows of all tenants with a token that another key than this sealed. */
export async function listSealedElsewhere(db: Db, keyId: string, atMost: number): Promise<{ clerkUserId: string; id: string }[]> {
  const { rows } = await sql<{ clerkUserId: string; id: string }>`select * from oauth_tokens_sealed_elsewhere(${keyId}, ${atMost})`.execute(
    db,
  )
  return rows
}

/** The same tokens in a new seal; false when they were refreshed meanwhile. */
export async function replaceSealed(
  trx: TenantDb,
  row: Connection,
  fresh: { accessToken: string; refreshToken: string },
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('oauthTokens')
    .set(fresh)
    .where('clerkUserId', '=', row.clerkUserId)
    .where('id', '=', row.id)
    .where('accessToken', '=', row.accessToken)
    .where('refreshToken', '=', row.refreshToken)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

/** Has anybody, of whatever tenant, connected this account and uses it? */
export async function isConnected(db: Db, provider: string, accountId: string): Promise<boolean> {
  const { rows } = await sql<{ connected: boolean }>`select oauth_account_is_connected(${provider}, ${accountId}) as connected`.execute(db)
  return rows[0]?.connected ?? false
}
