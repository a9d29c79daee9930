import { sql } from 'kysely'
import type { Db, TenantDb } from './client.ts'

/** Where the vendor of a connection pushes to us what changes in its account. */
export interface Channel {
  clerkUserId: string
  connectionId: string
  /** Stands in the address. */
  id: string
  /** Sealed. The vendor signs with it. */
  secret: string
  /** Under which the vendor keeps it; `null`: it has not taken it. */
  vendorId: string | null
}

const COLUMNS = ['clerkUserId', 'connectionId', 'id', 'secret', 'vendorId'] as const

function channelsOf(trx: TenantDb, clerkUserId: string) {
  return trx.selectFrom('syncChannels').select(COLUMNS).where('clerkUserId', '=', clerkUserId)
}

export function findChannel(trx: TenantDb, clerkUserId: string, connectionId: string): Promise<Channel | undefined> {
  return channelsOf(trx, clerkUserId).where('connectionId', '=', connectionId).executeTakeFirst()
}

export function findChannelById(trx: TenantDb, clerkUserId: string, id: string): Promise<Channel | undefined> {
  return channelsOf(trx, clerkUserId).where('id', '=', id).executeTakeFirst()
}

/**
 * The channel of this connection: the one that it has, else this new one. From now on its vendor counts as asked.
 * @throws AppError `calendar_not_connected` when it was disconnected meanwhile
 */
export function takeChannel(trx: TenantDb, fresh: Omit<Channel, 'vendorId'>): Promise<Channel> {
  return trx
    .insertInto('syncChannels')
    .values(fresh)
    .onConflict((conflict) => conflict.columns(['clerkUserId', 'connectionId']).doUpdateSet({ triedAt: sql<Date>`now()` }))
    .returning(COLUMNS)
    .executeTakeFirstOrThrow()
}

/** The vendor has taken it. False when the channel is gone: then the vendor is to drop it. */
export async function saveVendorsChannel(trx: TenantDb, { clerkUserId, id }: Channel, vendorId: string): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('syncChannels')
    .set({ vendorId })
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

/** Nothing that comes over it is heard any more. */
export async function dropChannel(trx: TenantDb, { clerkUserId, id }: Pick<Channel, 'clerkUserId' | 'id'>): Promise<void> {
  await trx.deleteFrom('syncChannels').where('clerkUserId', '=', clerkUserId).where('id', '=', id).execute()
}

/** Connections of all tenants whose vendor, one of these, is to be asked to push: for the first time, or to see whether it still does. */
export async function listToOpen(
  db: Db,
  { vendors, refusedSeconds, takenSeconds, atMost }: { vendors: string[]; refusedSeconds: number; takenSeconds: number; atMost: number },
): Promise<{ clerkUserId: string; id: string }[]> {
  const { rows } = await sql<{
    clerkUserId: string
    id: string
  }>`select * from connections_to_open_channels(${vendors}, ${refusedSeconds}, ${takenSeconds}, ${atMost})`.execute(db)
  return rows
}

/** Ids of the keys with which channels' secrets are sealed, of all tenants. */
export async function channelSealingKeys(db: Db): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select * from sync_channels_sealing_keys() as id`.execute(db)
  return rows.map(({ id }) => id)
}

/** Connections of all tenants with a channel whose secret another key than this sealed. */
export async function listChannelsSealedElsewhere(
  db: Db,
  keyId: string,
  atMost: number,
): Promise<{ clerkUserId: string; connectionId: string }[]> {
  const { rows } = await sql<{
    clerkUserId: string
    connectionId: string
  }>`select * from sync_channels_sealed_elsewhere(${keyId}, ${atMost})`.execute(db)
  return rows
}

/** The same secret in a new seal; false when it was replaced meanwhile. */
export async function replaceSealedChannel(trx: TenantDb, { clerkUserId, id, secret }: Channel, fresh: string): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('syncChannels')
    .set({ secret: fresh })
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .where('secret', '=', secret)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}
