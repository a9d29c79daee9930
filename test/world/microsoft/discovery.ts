import type { FastifyInstance } from 'fastify'

/** Entra's addresses below an authority, for the tenant `common`. */
export const paths = {
  authorization: '/common/oauth2/v2.0/authorize',
  token: '/common/oauth2/v2.0/token',
  keys: '/common/discovery/v2.0/keys',
}

export function discoveryRoute(app: FastifyInstance, url: () => string): void {
  app.get('/common/v2.0/.well-known/openid-configuration', async () => ({
    issuer: `${url()}/common/v2.0`,
    authorization_endpoint: url() + paths.authorization,
    token_endpoint: url() + paths.token,
    jwks_uri: url() + paths.keys,
    token_endpoint_auth_methods_supported: ['client_secret_post'],
    response_modes_supported: ['query'],
    response_types_supported: ['code'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
  }))
}
