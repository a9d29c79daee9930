import type { FastifyInstance } from 'fastify'

/** An answer that is a refusal, thrown by whoever notices. `body` has the vendor's shape. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly body: unknown
  constructor(status: number, body: unknown) {
    super(JSON.stringify(body))
    this.status = status
    this.body = body
  }
}

/** Every refusal leaves in the vendor's shape; what is not one is a mistake in the stand-in and is printed. */
export function answerRefusals(app: FastifyInstance, shape: (status: number, message: string) => unknown): void {
  app.setErrorHandler(async (error, _request, reply) => {
    if (error instanceof Refusal) return reply.code(error.status).send(error.body)
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
    if (status >= 500) console.error(error)
    return reply.code(status).send(shape(status, error instanceof Error ? error.message : String(error)))
  })
  app.setNotFoundHandler(async (request, reply) =>
    reply.code(404).send(shape(404, `no ${request.method} ${request.url.split('?')[0]} here`)),
  )
}
