import type { calendar_v3 } from 'googleapis/build/src/apis/calendar/v3.js'
import type { z } from 'zod'
import { AppError } from '../../errors.ts'
import type { Call, Outbound } from '../outbound.ts'
import type { Access } from '../provider.ts'
import { clientFor, type GoogleSettings } from './oauth.ts'

export interface Vendor {
  settings: GoogleSettings
  send: Outbound
  api: calendar_v3.Calendar
}

/** With an expiry ahead and no refresh token, the library neither refreshes nor repeats a refused request by itself. */
export function auth(vendor: Vendor, access: Access, call: Omit<Call, 'repeatable' | 'mailbox' | 'signal'>) {
  const client = clientFor(vendor, { ...call, repeatable: true, mailbox: access.mailbox, signal: access.signal })
  client.setCredentials({ access_token: access.accessToken, expiry_date: Date.now() + 3_600_000 })
  return client
}

/** An answer must fit its schema. */
export function readable<T extends z.ZodType>(operation: string, schema: T, data: unknown): z.infer<T> {
  const parsed = schema.safeParse(data)
  if (parsed.success) return parsed.data
  throw new AppError('provider_unavailable', `google ${operation}: not the answer that Google describes`)
}
