import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors, isResponseSerializationError } from 'fastify-type-provider-zod'
import { databaseIsAway, isUnstorable } from '../db/client.ts'
import { AppError, type ErrorCode } from '../errors.ts'

// What Fastify itself refuses, in our words.
const FRAMEWORK: Record<number, ErrorCode> = {
  400: 'invalid_request',
  404: 'not_found',
  413: 'too_large',
  415: 'unsupported_type',
  503: 'unavailable',
}

// How zod says it, of whatever was to stand there.
const NOT_SENT = /, received undefined$/

/** Every failure leaves as the one error body, unknown routes and the framework's own refusals included. */
export function answerProblems(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => send(reply, problemOf(error, request)))
  app.setNotFoundHandler((_request, reply) => send(reply, { error: new AppError('not_found', 'unknown route') }))
}

/** @returns the failure as ours; `text` where the request itself tells more than the catalogue */
export function problemOf(error: unknown, request: FastifyRequest): { error: AppError; text?: string } {
  if (error instanceof AppError) {
    request.log[error.status >= 500 ? 'warn' : 'info']({ err: error }, 'refused')
    return { error }
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const issues = error.validation.map(
      ({ instancePath, message = '' }) =>
        `${instancePath.slice(1).replaceAll('/', '.') || error.validationContext}: ${NOT_SENT.test(message) ? 'is missing' : message}`,
    )
    return { error: new AppError('invalid_request', 'validation'), text: `The request does not fit. ${issues.join('; ')}.` }
  }
  if (databaseIsAway(error)) {
    request.log.error({ err: error }, 'the database does not answer')
    return { error: new AppError('unavailable', 'database', { cause: error }) }
  }
  if (isUnstorable(error)) {
    return {
      error: new AppError('invalid_request', 'unstorable text', { cause: error }),
      text: 'The request holds characters that cannot be kept.',
    }
  }
  const code = error instanceof Error && 'statusCode' in error ? FRAMEWORK[Number(error.statusCode)] : undefined
  if (error instanceof Error && code !== undefined && !isResponseSerializationError(error)) {
    return { error: new AppError(code, error.message), ...(code === 'invalid_request' ? { text: 'The body is not valid JSON.' } : {}) }
  }
  request.log.error({ err: error }, 'a bug')
  return { error: new AppError('internal', STATUS_CODES[500] ?? '', { cause: error }) }
}

// Where no hook has run yet.
const BARE_HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none';frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  'X-Content-Type-Options': 'nosniff',
}

/** What Fastify refuses before it knows the route: an address that is none, for instance. */
export function answerFrameworkProblem(_error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(BARE_HEADERS)
  send(reply, { error: new AppError('invalid_request', 'before routing'), text: 'The address is not valid.' })
}

/** What is not HTTP at all is refused on the bare line, in the same words. */
export function answerBareLine(error: { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const status = LINE_STATUS.get(error.code ?? '') ?? 400
  const { code, text } = new AppError(status === 431 ? 'too_large' : 'invalid_request', 'no HTTP')
  const body = JSON.stringify(bodyOf(code, text))
  const headers = {
    ...BARE_HEADERS,
    Connection: 'close',
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n'))
}

const LINE_STATUS = new Map([
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
  ['HPE_HEADER_OVERFLOW', 431],
])

function bodyOf(code: ErrorCode, text: string) {
  return { status: 'error', code, message: text, detail: text, error: text }
}

function send(reply: FastifyReply, { error, text = error.text }: { error: AppError; text?: string }) {
  if (error.status === 503) reply.header('retry-after', '5')
  // Not through the route's schema: a failure of that schema itself must still be answered.
  return reply
    .code(error.status)
    .header('content-type', 'application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(bodyOf(error.code, text))
}
