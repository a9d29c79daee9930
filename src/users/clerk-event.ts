import { verifyWebhook } from '@clerk/backend/webhooks'
import * as z from 'zod'
import { AppError } from '../errors.ts'
import { ClerkUserId, profileText } from './profile.ts'
import type { ToldUser } from './sync.ts'

/** An event of Clerk's as it is posted: of most types only that they are none of ours is known. */
export const ClerkEvent = z.object({ type: z.string(), data: z.unknown() })

/** What an event means here. */
export type Event = { kind: 'told'; user: ToldUser } | { kind: 'deleted'; clerkUserId: string } | { kind: 'other' }

// The last millisecond that has four digits for its year.
const LATEST_MS = 253_402_300_799_999

const User = z.object({
  id: ClerkUserId,
  email_addresses: z.array(z.object({ id: z.string(), email_address: z.string() })),
  primary_email_address_id: z.string().nullish(),
  first_name: profileText,
  last_name: profileText,
  updated_at: z.int().min(0).max(LATEST_MS).describe('milliseconds'),
})
const DeletedUser = z.object({ id: ClerkUserId })

/** @throws AppError `invalid_request` for an event about a user that does not say what it must */
export function readEvent({ type, data }: z.infer<typeof ClerkEvent>): Event {
  switch (type) {
    case 'user.created':
    case 'user.updated': {
      const user = sound(User, data)
      // The list may begin with an address that she no longer uses.
      const email = user.email_addresses.find((one) => one.id === user.primary_email_address_id)?.email_address
      const profile = { email: profileText.parse(email), firstName: user.first_name, lastName: user.last_name }
      return { kind: 'told', user: { clerkUserId: user.id, profile, updatedAt: new Date(user.updated_at) } }
    }
    case 'user.deleted':
      return { kind: 'deleted', clerkUserId: sound(DeletedUser, data).id }
    default:
      return { kind: 'other' }
  }
}

function sound<T>(schema: z.ZodType<T>, data: unknown): T {
  const parsed = schema.safeParse(data)
  if (!parsed.success) throw new AppError('invalid_request', "a user event that lacks what Clerk's have", { cause: parsed.error })
  return parsed.data
}

/** What a delivery is signed with. The id stays the same when it is delivered again. */
export interface Delivery {
  id: string
  timestamp: string
  signature: string
}

/** Is it from Clerk, and not older or newer than five minutes? The signature is over the bytes as they came. */
export async function isFromClerk({ id, timestamp, signature }: Delivery, body: Buffer, signingSecret: string): Promise<boolean> {
  try {
    const headers = { 'svix-id': id, 'svix-timestamp': timestamp, 'svix-signature': signature }
    // Clerk's verifier looks at these headers and the text, not at the address.
    const request = new Request('http://localhost/', { method: 'POST', headers, body: new Uint8Array(body) })
    await verifyWebhook(request, { signingSecret })
    return true
  } catch {
    return false
  }
}
