import type { FastifyInstance } from 'fastify'
import { Refusal } from '../refusal.ts'

const names: Record<number, [code: string, error: string]> = {
  400: ['BadRequestException', 'Bad Request'],
  401: ['UnauthorizedException', 'Unauthorized'],
  403: ['ForbiddenException', 'Forbidden'],
  404: ['NotFoundException', 'Not Found'],
  409: ['ConflictException', 'Conflict'],
  415: ['UnsupportedMediaTypeException', 'Unsupported Media Type'],
  429: ['ThrottlerException', 'Too Many Requests'],
  500: ['InternalServerErrorException', 'Internal Server Error'],
  503: ['ServiceUnavailableException', 'Service Unavailable'],
}

/** Cal.com's error body, for a fault that gives a status alone as well. OAuth's endpoint complains in another shape. */
export function calcomError(status: number, path: string, message?: string) {
  const [code, error] = names[status] ?? ['HttpException', 'Error']
  const text = message ?? error
  if (path.startsWith('/v2/auth/oauth2/')) {
    return { error: status >= 500 || status === 429 ? 'server_error' : 'invalid_request', error_description: text }
  }
  const details = { message: text, error, statusCode: status }
  return { status: 'error', timestamp: new Date().toISOString(), path, error: { code, message: text, details } }
}

/** `message` becomes the vendor's body when it leaves: that names the path, which only the request knows. */
export function refuse(status: number, message?: string): Refusal {
  return new Refusal(status, message)
}

/** A refusal of the token endpoint, as RFC 6749 has it. */
export function refuseToken(status: number, error: string, description: string): Refusal {
  return new Refusal(status, { error, error_description: description })
}

/** Every refusal leaves in the vendor's shape; what is not one is a mistake in the stand-in and is printed. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler(async (error, request, reply) => {
    if (error instanceof Refusal) {
      const { status, body } = error
      const ready = typeof body === 'object' ? body : calcomError(status, request.url, typeof body === 'string' ? body : undefined)
      return reply.code(status).send(ready)
    }
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
    if (status >= 500) console.error(error)
    return reply.code(status).send(calcomError(status, request.url, error instanceof Error ? error.message : String(error)))
  })
  app.setNotFoundHandler(async (request, reply) => reply.code(404).send(notRouted(request.method, request.url)))
}

/** What the router says: of an unknown path, and of a known one in a version that we do not have. */
export function notRouted(method: string, url: string) {
  return calcomError(404, url, `Cannot ${method} ${url.split('?')[0]}`)
}
