import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { ACCESS_SECONDS, type Credentials, type Granted } from './credentials.ts'
import { refuseToken } from './errors.ts'
import type { Client } from './sign-in-page.ts'

const client = { client_id: z.string(), client_secret: z.string() }
// A field too much is refused: on a refresh that is the verifier as well.
const Body = z.discriminatedUnion('grant_type', [
  z.strictObject({
    ...client,
    grant_type: z.literal('authorization_code'),
    code: z.string(),
    redirect_uri: z.string(),
    code_verifier: z.string().optional(),
  }),
  z.strictObject({ ...client, grant_type: z.literal('refresh_token'), refresh_token: z.string() }),
])
type Exchange = Extract<z.infer<typeof Body>, { code: string }>

/** Codes and refresh tokens become tokens here, each once. Takes JSON and forms. */
export function tokenRoute(app: FastifyInstance, { clientId, clientSecret, redirectUri }: Client, credentials: Credentials): void {
  app.post('/v2/auth/oauth2/token', async (request) => {
    const sent = Body.safeParse(request.body)
    if (!sent.success) throw refuseToken(400, 'invalid_request', z.prettifyError(sent.error))
    const { data } = sent
    if (data.client_id !== clientId) throw refuseToken(401, 'invalid_client', 'client_not_found')
    if (data.client_secret !== clientSecret) throw refuseToken(401, 'invalid_client', 'invalid_client_credentials')
    const granted = 'code' in data ? exchanged(data) : refreshed(data.refresh_token)
    request.ledger.account = granted.person.email
    const { accessToken, refreshToken } = credentials.newTokens(granted)
    return { access_token: accessToken, token_type: 'bearer', refresh_token: refreshToken, expires_in: ACCESS_SECONDS }
  })

  function exchanged({ code, redirect_uri, code_verifier }: Exchange): Granted {
    const granted = credentials.takeCode(code)
    if (!granted) throw refuseToken(400, 'invalid_grant', 'code_invalid_or_expired')
    if (redirect_uri !== redirectUri) throw refuseToken(400, 'invalid_grant', 'redirect_uri_mismatch')
    if (granted.challenge === null) return granted
    if (code_verifier === undefined) throw refuseToken(400, 'invalid_request', 'code_verifier_required')
    const challenge = createHash('sha256').update(code_verifier).digest('base64url')
    if (challenge !== granted.challenge) throw refuseToken(400, 'invalid_grant', 'pkce_verification_failed')
    return granted
  }

  function refreshed(token: string): Granted {
    const granted = credentials.takeRefreshToken(token)
    if (granted === 'unknown') throw refuseToken(400, 'invalid_grant', 'invalid_refresh_token')
    if (granted === 'used') throw refuseToken(400, 'invalid_grant', 'refresh_token_already_used')
    return granted
  }
}
