import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '../../errors.ts'
import type { Access, Pushes } from '../provider.ts'
import { ask, type Vendor } from './client.ts'
import { isMissing } from './failure.ts'

const TRIGGERS = ['BOOKING_CREATED', 'BOOKING_RESCHEDULED', 'BOOKING_CANCELLED', 'BOOKING_REQUESTED', 'BOOKING_REJECTED']

export function pushes(vendor: Vendor): Pushes {
  return {
    begin: (access, to) => begin(vendor, access, to),
    end: (access, id) => end(vendor, access, id),
    isSigned,
  }
}

/** One that an earlier attempt made, of which only the answer was lost, is found by its address. */
async function begin(vendor: Vendor, access: Access, { url, secret }: { url: string; secret: string }): Promise<string> {
  const request = {
    operation: 'webhooks.create',
    budget: 'create',
    resource: 'webhooks',
    method: 'POST',
    body: { subscriberUrl: url, triggers: TRIGGERS, active: true, secret },
  } as const
  const made = await ask(vendor, access, request, z.object({ data: Webhook })).catch(async (error: unknown) => {
    if (!(error instanceof AppError)) throw error
    const list = await ask(
      vendor,
      access,
      { operation: 'webhooks.list', budget: 'read', resource: 'webhooks' },
      z.object({ data: z.array(Webhook) }),
    )
    const first = list.data.find(({ subscriberUrl }) => subscriberUrl === url)
    if (!first) throw error
    return { data: first }
  })
  return String(made.data.id)
}

async function end(vendor: Vendor, access: Access, id: string): Promise<void> {
  const path = `/${encodeURIComponent(id)}`
  const request = {
    operation: 'webhooks.delete',
    budget: 'create',
    resource: 'webhooks',
    path,
    method: 'DELETE',
    repeatable: true,
  } as const
  await ask(vendor, access, request, z.object({ status: z.literal('success') })).catch((error: unknown) => {
    if (!isMissing(error)) throw error
  })
}

/** Without a secret Cal.com writes a word in its place, which is no signature. */
function isSigned(body: Buffer, headers: Record<string, string | string[] | undefined>, secret: string): boolean {
  const header = headers['x-cal-signature-256']
  if (typeof header !== 'string' || !/^[0-9a-f]{64}$/.test(header)) return false
  return timingSafeEqual(Buffer.from(header, 'hex'), createHmac('sha256', secret).update(body).digest())
}

const Webhook = z.object({ id: z.union([z.number(), z.string()]), subscriberUrl: z.string() })
