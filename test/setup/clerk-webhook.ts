import type { Clerk } from '../world/clerk/index.ts'
import type { ClerkUser } from '../world/clerk/users.ts'

/** What Clerk posts to a webhook about a user. */
export type UserEvent =
  | { type: 'user.created' | 'user.updated'; data: ClerkUser }
  | { type: 'user.deleted'; data: { id: string; object: 'user'; deleted: true } }

export const deletion = (id: string): UserEvent => ({ type: 'user.deleted', data: { id, object: 'user', deleted: true } })

/** The frontend's own webhook: what it makes of an event of Clerk's and sends on to us, byte for byte, with the shared secret of Clerk. */
export function forward(url: string, { secretKey }: Pick<Clerk, 'secretKey'>, { type, data }: UserEvent): Promise<Response> {
  const authorization = { Authorization: `Bearer ${secretKey}` }
  const json = { ...authorization, 'Content-Type': 'application/json' }
  switch (type) {
    case 'user.created': {
      const [first] = data.email_addresses
      const body = {
        clerk_user_id: data.id,
        email: first?.email_address,
        first_name: data.first_name ?? undefined,
        last_name: data.last_name ?? undefined,
        created_at: new Date(data.created_at).toISOString(),
      }
      return fetch(`${url}/users/create-from-clerk`, { method: 'POST', headers: json, body: JSON.stringify(body) })
    }
    case 'user.updated': {
      const [first] = data.email_addresses
      const body = {
        email: first?.email_address,
        first_name: data.first_name,
        last_name: data.last_name,
        updated_at: new Date(data.updated_at).toISOString(),
      }
      return fetch(`${url}/users/by-clerk-id/${data.id}`, { method: 'PATCH', headers: json, body: JSON.stringify(body) })
    }
    case 'user.deleted':
      return fetch(`${url}/users/by-clerk-id/${data.id}`, { method: 'DELETE', headers: authorization })
  }
}

/** Clerk itself, at our own webhook. @param delivery the same `id` again is the same event delivered again */
export function deliver(url: string, clerk: Pick<Clerk, 'signedEvent'>, event: UserEvent, delivery?: { id: string }): Promise<Response> {
  return fetch(`${url}/webhooks/clerk`, { method: 'POST', ...clerk.signedEvent(event, delivery) })
}
