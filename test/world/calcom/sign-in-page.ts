import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { consentPage } from '../consent.ts'
import type { People } from '../people.ts'
import { type Credentials, scopes } from './credentials.ts'
import { refuse } from './errors.ts'

export interface Client {
  clientId: string
  clientSecret: string
  redirectUri: string
}

const Form = z.object({ login: z.string().default(''), deny: z.string().optional() })

/** The page between "Connect" and our callback. All that was asked for is allowed or nothing: it has no boxes to untick. */
export function signInPage(app: FastifyInstance, client: Client, people: People, credentials: Credentials): void {
  const path = '/auth/oauth2/authorize'

  app.get(path, async (request, reply) => {
    const asked = read(request, client)
    if (typeof asked.error === 'string') return reply.redirect(back(client, asked.state, { error: asked.error }))
    return reply.type('text/html').send(consentPage(people.list(), { identityScopes: scopes }, asked.scopes))
  })

  app.post(path, async (request, reply) => {
    const asked = read(request, client)
    if (typeof asked.error === 'string') return reply.redirect(back(client, asked.state, { error: asked.error }))
    const { login, deny } = Form.parse(request.body)
    const person = people.find(login)
    if (!person || deny !== undefined) {
      const error_description = person ? 'The person said no.' : 'There is no such account.'
      return reply.redirect(back(client, asked.state, { error: 'access_denied', error_description }))
    }
    request.ledger.account = person.email
    const code = credentials.newCode({ person, scopes: asked.scopes, challenge: asked.challenge })
    return reply.redirect(back(client, asked.state, { code }))
  })
}

interface Asked {
  state: string | null
  scopes: string[]
  challenge: string | null
  error?: string
}

/** Nobody is sent to an address that is not the client's: the page itself says what is wrong. */
function read(request: FastifyRequest, client: Client): Asked {
  const query = new URLSearchParams(request.url.split('?')[1] ?? '')
  if (query.get('client_id') !== client.clientId) throw refuse(401, 'invalid_client: no client has this client_id')
  if (query.get('redirect_uri') !== client.redirectUri) throw refuse(400, 'invalid_request: the redirect_uri is not the one on file')
  const asked = {
    state: query.get('state'),
    scopes: (query.get('scope') ?? '').split(/[ ,]/).filter((scope) => scope !== ''),
    challenge: query.get('code_challenge'),
  }
  if (query.get('response_type') !== 'code') return { ...asked, error: 'unsupported_response_type' }
  if (asked.scopes.length === 0 || asked.scopes.some((scope) => !scopes.includes(scope))) return { ...asked, error: 'invalid_scope' }
  if (asked.challenge !== null && query.get('code_challenge_method') !== 'S256') return { ...asked, error: 'invalid_request' }
  return asked
}

function back(client: Client, state: string | null, answer: Record<string, string>): string {
  const url = new URL(client.redirectUri)
  for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value)
  if (state !== null) url.searchParams.set('state', state)
  return url.href
}
