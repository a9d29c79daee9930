import { randomBytes } from 'node:crypto'
import { channelSealingKeys, findChannel, listChannelsSealedElsewhere, replaceSealedChannel } from '../db/channels.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'

const SECRET_BYTES = 32
const AT_ONCE = 100

type Place = { clerkUserId: string; id: string }

/** A new secret with which a vendor signs what it pushes, sealed. */
export function newChannelSecret(deps: Pick<Deps, 'cipher'>, channel: Place): string {
  return seal(deps, channel, randomBytes(SECRET_BYTES).toString('base64url'))
}

/** `undefined` when it was changed or moved, or its key is gone: only a new channel helps then. */
export function openChannelSecret({ cipher }: Pick<Deps, 'cipher'>, channel: Place & { secret: string }): string | undefined {
  try {
    return cipher.open(channel.secret, place(channel))
  } catch {
    return undefined
  }
}

/**
 * Seals channels' secrets again with the active key, so that an older one can be taken out of the settings. As with tokens, it may be
 * interrupted and run by several processes.
 * @throws Error when one was sealed with a key that is not in the settings
 */
export async function resealChannels(deps: Pick<Deps, 'db' | 'cipher' | 'log'>): Promise<void> {
  const { db, cipher, log } = deps
  const missing = (await channelSealingKeys(db)).filter((id) => !cipher.keyIds.includes(id))
  if (missing.length > 0) throw new Error(`TOKEN_ENCRYPTION_KEYS lacks ${missing.join(', ')}: secrets of calendars were sealed with it`)
  let changed = 1
  while (changed > 0) {
    changed = 0
    for (const { clerkUserId, connectionId } of await listChannelsSealedElsewhere(db, cipher.activeKeyId, AT_ONCE)) {
      const isResealed = await inTenant(db, clerkUserId, async (trx) => {
        const channel = await findChannel(trx, clerkUserId, connectionId)
        const secret = channel && openChannelSecret(deps, channel)
        return channel !== undefined && secret !== undefined && replaceSealedChannel(trx, channel, seal(deps, channel, secret))
      })
      if (isResealed) changed += 1
      // It does not keep the service from starting, and is replaced when its vendor is asked again.
      else log.error({ connectionId }, 'the secret of a channel does not open')
    }
  }
}

function seal({ cipher }: Pick<Deps, 'cipher'>, channel: Place, secret: string): string {
  return cipher.seal(secret, place(channel))
}

/** Bound to its channel: copied into another's row it does not open. */
function place({ clerkUserId, id }: Place): string[] {
  return ['sync_channels', 'secret', id, clerkUserId]
}
