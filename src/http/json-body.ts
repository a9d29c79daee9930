import type { FastifyInstance } from 'fastify'
import { AppError } from '../errors.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The body's bytes as they were sent, for signatures. */
    rawBody: Buffer | undefined
  }
}

// Far more than any message of Vapi has; thousands of levels would exhaust the stack of whoever walks through them.
const DEEPEST = 100

/**
 * JSON is the only body there is. An empty one is no body: the frontend sends the content type with nothing behind it.
 * Fastify's guard against prototype poisoning stays on.
 */
export function acceptJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.decorateRequest('rawBody', undefined)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    request.rawBody = body
    if (body.length === 0) return done(null, undefined)
    if (isTooDeep(body)) return done(new AppError('invalid_request', `nested deeper than ${DEEPEST}`), undefined)
    return parse(request, body.toString('utf8'), done)
  })
}

const [QUOTE, BACKSLASH, OPENING_BRACKET, CLOSING_BRACKET, OPENING_BRACE, CLOSING_BRACE] = Buffer.from('"\\[]{}')

/** Counts brackets outside strings. What is not JSON is left to the parser. */
function isTooDeep(json: Buffer): boolean {
  let depth = 0
  let inString = false
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at]
    if (inString && byte === BACKSLASH) at += 1
    else if (byte === QUOTE) inString = !inString
    else if (inString) continue
    else if (byte === OPENING_BRACKET || byte === OPENING_BRACE) depth += 1
    else if (byte === CLOSING_BRACKET || byte === CLOSING_BRACE) depth -= 1
    if (depth > DEEPEST) return true
  }
  return false
}
