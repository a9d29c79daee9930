import { randomBytes } from 'node:crypto'
import { channelSealingKeys, findChannel, listChannelsSealedElsewhere, replaceSealedChannel } from '../db/channels.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { reseal } from '../reseal.ts'

const SECRET_BYTES = 32

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

/** As `reseal`, for channels' secrets. One that does not open is replaced when its vendor is asked again. */
export async function resealChannels(deps: Pick<Deps, 'db' | 'cipher' | 'log'>): Promise<void> {
  const { db, log } = deps
  await reseal(deps, {
    what: 'secrets of calendars',
    keyIds: channelSealingKeys,
    listElsewhere: listChannelsSealedElsewhere,
    again: async ({ clerkUserId, connectionId }) => {
      const isResealed = await inTenant(db, clerkUserId, async (trx) => {
        const channel = await findChannel(trx, clerkUserId, connectionId)
        const secret = channel && openChannelSecret(deps, channel)
        return channel !== undefined && secret !== undefined && replaceSealedChannel(trx, channel, seal(deps, channel, secret))
      })
      if (!isResealed) log.error({ connectionId }, 'the secret of a channel does not open')
      return isResealed
    },
  })
}

function seal({ cipher }: Pick<Deps, 'cipher'>, channel: Place, secret: string): string {
  return cipher.seal(secret, place(channel))
}

/** Bound to its channel: copied into another's row it does not open. */
function place({ clerkUserId, id }: Place): string[] {
  return ['sync_channels', 'secret', id, clerkUserId]
}
