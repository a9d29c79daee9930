import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors, isResponseSerializationError } from 'fastify-type-provider-zod'
import { databaseIsAway } from '../db/client.ts'
import { AppError, type ErrorCode } from '../errors.ts'

// What Fastify itself refuses, in our words.
const FRAMEWORK: Record<number, ErrorCode> = {
  400: 'invalid_request',
  404: 'not_found',
  413: 'too_large',
  415: 'unsupported_type',
  503: 'unavailable',
}

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
      (issue) => `${issue.instancePath.slice(1).replaceAll('/', '.') || error.validationContext}: ${issue.message}`,
    )
    return { error: new AppError('invalid_request', 'validation'), text: `The request does not fit. ${issues.join('; ')}.` }
  }
  if (databaseIsAway(error)) {
    request.log.error({ err: error }, 'the database does not answer')
    return { error: new AppError('unavailable', 'database', { cause: error }) }
  }
  const code = error instanceof Error && 'statusCode' in error ? FRAMEWORK[Number(error.statusCode)] : undefined
  if (error instanceof Error && code !== undefined && !isResponseSerializationError(error)) {
    return { error: new AppError(code, error.message), ...(code === 'invalid_request' ? { text: 'The body is not valid JSON.' } : {}) }
  }
  request.log.error({ err: error }, 'a bug')
  return { error: new AppError('internal', STATUS_CODES[500] ?? '', { cause: error }) }
}

function send(reply: FastifyReply, { error, text = error.text }: { error: AppError; text?: string }) {
  if (error.status === 503) reply.header('retry-after', '5')
  const body = { status: 'error', code: error.code, message: text, detail: text, error: text }
  // Not through the route's schema: a failure of that schema itself must still be answered.
  return reply.code(error.status).header('content-type', 'application/json; charset=utf-8').serializer(JSON.stringify).send(body)
}
