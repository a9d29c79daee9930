import type { z } from 'zod'
import { AppError } from '../../errors.ts'
import type { Call, Outbound } from '../outbound.ts'
import type { Access } from '../provider.ts'
import { failureOf } from './failure.ts'

export interface CalcomSettings {
  /** Of this installation; `undefined`: only keys of owners lead there. */
  client: { id: string; secret: string } | undefined
  redirectUri: string
  /** Origin of the pages that people see. */
  appUrl: string
  /** Origin of the API; `/v2` follows. */
  apiUrl: string
}

export interface Vendor {
  settings: CalcomSettings
  send: Outbound
}

type Resource = 'slots' | 'bookings' | 'event-types' | 'me' | 'webhooks'

/** Each resource has versions of its own, or none. With another one an older route answers, or nobody. */
const VERSIONS: Record<Resource, string | null> = {
  slots: '2024-09-04',
  bookings: '2024-08-13',
  'event-types': '2024-06-14',
  me: null,
  webhooks: null,
}

interface Request extends Omit<Call, 'repeatable' | 'mailbox' | 'signal'> {
  resource: Resource
  /** After the resource, with its slash. */
  path?: string
  query?: Record<string, string>
  method?: 'GET' | 'POST' | 'DELETE'
  body?: object
  /** Default: whatever only reads. */
  repeatable?: Call['repeatable']
}

/**
 * One request in the name of the account, and its `data`.
 * @throws Refused for every answer that is no success; AppError `provider_unavailable` for one that is not what Cal.com describes
 */
export async function ask<T extends z.ZodType>(
  { settings, send }: Vendor,
  access: Access,
  { resource, path = '', query, method = 'GET', body, repeatable = method === 'GET', ...call }: Request,
  schema: T,
): Promise<z.infer<T>> {
  const version = VERSIONS[resource]
  const url = new URL(`/v2/${resource}${path}`, settings.apiUrl)
  url.search = new URLSearchParams(query).toString()
  const answer = await send({ ...call, repeatable, mailbox: access.mailbox, signal: access.signal }, url, {
    method,
    headers: {
      authorization: `Bearer ${access.accessToken}`,
      accept: 'application/json',
      ...(version ? { 'cal-api-version': version } : {}),
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  if (!answer.ok) throw await failureOf(call.operation, answer)
  return readable(call.operation, schema, await answer.text())
}

/** An answer must fit its schema. @param text JSON */
export function readable<T extends z.ZodType>(operation: string, schema: T, text: string): z.infer<T> {
  const parsed = schema.safeParse(parsedJson(text))
  if (parsed.success) return parsed.data
  throw new AppError('provider_unavailable', `calcom ${operation}: not the answer that Cal.com describes`)
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
