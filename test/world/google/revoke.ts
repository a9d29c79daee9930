import type { FastifyInstance } from 'fastify'
import type { AuthorizationServer } from '../oidc.ts'

/** Google's revocation: the token stands in the query string, nobody authenticates, and the whole grant of the account dies. */
export function revokeRoute(app: FastifyInstance, server: AuthorizationServer): void {
  app.post<{ Querystring: { token?: string } }>('/revoke', async (request, reply) => {
    const { token } = request.query
    const person = token === undefined ? undefined : await server.ownerOf(token)
    if (!person) return reply.code(400).send({ error: 'invalid_token', error_description: 'Token expired or revoked' })
    request.ledger.account = person.email
    server.revokeGrants(person)
    return {}
  })
}
