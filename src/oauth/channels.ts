import { randomUUID } from 'node:crypto'
import { findOwner } from '../db/agents.ts'
import { type Channel, dropChannel, findChannel, findChannelById, listToOpen, saveVendorsChannel, takeChannel } from '../db/channels.ts'
import { inTenant } from '../db/client.ts'
import { type Connection, findConnection } from '../db/connections.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { JobData } from '../jobs/jobs.ts'
import type { Access } from '../providers/provider.ts'
import { newChannelSecret, openChannelSecret } from './channel-secret.ts'
import { openToken } from './sealing.ts'
import { useAccount } from './use-calendar.ts'

/** Where vendors push to; the id of the channel follows. */
export const PUSH_PATH = '/webhooks/calendar'

// A vendor that refuses to push may do so later; until then its calendars are looked at now and then.
const REFUSED_SECONDS = 10 * 60
// Owners may take a webhook away in their settings, and vendors hear of nobody who misses it.
const TAKEN_SECONDS = 24 * 60 * 60
const AT_ONCE = 100
// Whoever disconnects waits for it.
const CLOSE_MS = 2000
const STILL_USABLE_SECONDS = 30

/** A job: has every vendor that pushes asked to do so for the connections that it does not push for, and for the others once a day. */
export async function findChannels({ db, jobs, providers }: Deps): Promise<void> {
  const vendors = [...providers.values()].flatMap(({ id, pushes }) => (pushes ? [id] : []))
  if (vendors.length === 0) return
  const which = { vendors, refusedSeconds: REFUSED_SECONDS, takenSeconds: TAKEN_SECONDS, atMost: AT_ONCE }
  for (const { clerkUserId, id } of await listToOpen(db, which))
    await jobs.send(db, 'open-channel', { clerkUserId, connectionId: id }, { singletonKey: id })
}

/** A job: asks the vendor of a connection to push. Asked again it changes nothing, unless the vendor has lost it. */
export async function openChannel(deps: Deps, { clerkUserId, connectionId }: JobData['open-channel'], signal: AbortSignal): Promise<void> {
  const id = randomUUID()
  const fresh = { clerkUserId, connectionId, id, secret: newChannelSecret(deps, { clerkUserId, id }) }
  const { connection, channel } = await inTenant(deps.db, clerkUserId, async (trx) => {
    const connection = await findConnection(trx, clerkUserId, connectionId)
    const isOpen = connection?.state === 'active' && deps.providers.get(connection.provider)?.pushes !== undefined
    return { connection, channel: isOpen ? await takeChannel(trx, fresh) : undefined }
  })
  if (!connection || !channel) return
  const secret = openChannelSecret(deps, channel)
  // The next one has a secret that opens.
  if (secret === undefined) return inTenant(deps.db, clerkUserId, (trx) => dropChannel(trx, channel))
  await useAccount(deps, connection, signal, async ({ pushes }, access) => {
    if (!pushes) return
    const vendorId = await pushes.begin(access, { url: addressOf(deps, channel), secret })
    // This service had another address when that one was made. First, so that one that cannot be ended now is not forgotten.
    if (channel.vendorId !== null && channel.vendorId !== vendorId) await pushes.end(access, channel.vendorId)
    const isKept = await inTenant(deps.db, clerkUserId, (trx) => saveVendorsChannel(trx, channel, vendorId))
    if (!isKept) await pushes.end(access, vendorId)
  }).catch((error: unknown) => {
    if (!(error instanceof AppError)) throw error
    deps.log.warn({ err: error, provider: connection.provider, connectionId }, 'the vendor does not push for now; it is asked again')
  })
}

/**
 * Asks the vendor of a connection that is being ended to push no more.
 * @returns false when it did not answer, so that asking again may help
 */
export async function closeChannel(deps: Deps, connection: Connection): Promise<boolean> {
  const { clerkUserId } = connection
  const channel = await inTenant(deps.db, clerkUserId, (trx) => findChannel(trx, clerkUserId, connection.id))
  if (!channel) return true
  const isOver = await endAtVendor(deps, connection, channel)
  // Whoever connects the account again meanwhile gets a new one.
  if (isOver) await inTenant(deps.db, clerkUserId, (trx) => dropChannel(trx, channel))
  return isOver
}

/** The connection to whose channel the vendor itself has pushed this; `undefined`: no such channel, or somebody else did. */
export async function connectionPushedFor(
  deps: Deps,
  channelId: string,
  { body, headers }: { body: Buffer; headers: Record<string, string | string[] | undefined> },
): Promise<JobData['follow-calendar'] | undefined> {
  const clerkUserId = await findOwner(deps.db, 'channel', channelId)
  if (clerkUserId === undefined) return undefined
  const { channel, connection } = await inTenant(deps.db, clerkUserId, async (trx) => {
    const channel = await findChannelById(trx, clerkUserId, channelId)
    return { channel, connection: channel && (await findConnection(trx, clerkUserId, channel.connectionId)) }
  })
  const secret = channel && openChannelSecret(deps, channel)
  const pushes = deps.providers.get(connection?.provider ?? '')?.pushes
  if (!connection || secret === undefined || !pushes?.isSigned(body, headers, secret)) return undefined
  return { clerkUserId, connectionId: connection.id }
}

async function endAtVendor(deps: Deps, connection: Connection, channel: Channel): Promise<boolean> {
  const provider = deps.providers.get(connection.provider)
  const secret = openChannelSecret(deps, channel)
  if (!provider?.pushes || (channel.vendorId === null && secret === undefined)) return true
  const signal = AbortSignal.timeout(CLOSE_MS)
  try {
    // A line of its own: what else waits for this account is no matter any more.
    const access: Access = { accessToken: await lastToken(deps, connection), mailbox: `ending ${connection.accountId}`, signal }
    // It may have been made without our hearing of it: asked again, the vendor says which it is.
    const vendorId = channel.vendorId ?? (await provider.pushes.begin(access, { url: addressOf(deps, channel), secret: secret ?? '' }))
    await provider.pushes.end(access, vendorId)
    return true
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    deps.log.warn({ err: error, provider: provider.id }, 'a vendor still pushes for a calendar that was disconnected')
    return !['provider_unavailable', 'provider_busy'].includes(error.code)
  }
}

function addressOf({ config }: Deps, { id }: Channel): string {
  return `${config.baseUrl}${PUSH_PATH}/${id}`
}

/** Of a connection that is being ended nobody else uses the tokens, and none is stored any more. */
async function lastToken(deps: Deps, connection: Connection): Promise<string> {
  if (connection.secondsLeft > STILL_USABLE_SECONDS) return openToken(deps, connection, 'accessToken')
  const provider = deps.providers.get(connection.provider)
  if (!provider) throw new AppError('provider_off', 'switched off since')
  return (await provider.refresh(openToken(deps, connection, 'refreshToken'))).accessToken
}
