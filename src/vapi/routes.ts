import { Transform } from 'node:stream'
import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler, preParsingAsyncHookHandler } from 'fastify'
import * as z from 'zod'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { countWrong } from '../http/limits.ts'
import { Problem, type RoutePlugin } from '../http/zod.ts'
import { traceIdOf } from '../trace.ts'
import { admit, orAway } from './admission.ts'
import { answerFunctions } from './answers.ts'
import { answerAssistantRequest } from './assistant-request.ts'
import { type Credential, credentialOf } from './credentials.ts'
import { hearMessage, whileHearing } from './hear.ts'
import { readMessage } from './messages.ts'
import { answerOther } from './other-answers.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before the body is read. */
    vapiCredential: Credential
    /** On its log lines, and on the record of every function call that it brings. */
    traceId: string
  }
  interface FastifyContextConfig {
    /** Answers instead of the route when the process is overloaded; doing nothing lets the route answer. */
    pressureHandler?(): void
  }
}

const MIB = 1024 * 1024
// Messages carry the whole history; from somebody who has shown no secret yet we read less.
const PROVEN_BYTES = 5 * MIB
const UNPROVEN_BYTES = MIB

// Nobody waits for words, and Vapi sends less to whoever is slow; or somebody waits for the first one of a call.
const EVENT_PATIENCE_MS = 700

/** Where assistants that were set up at different times post to. Ours are set up with the first. */
const PATHS = [
  ['/vapi/webhook', 'vapiWebhook'],
  ['/vapi/function-call', 'vapiFunctionCall'],
  ['/api/vapi-webhook', 'vapiWebhookByOlderName'],
] as const

const ANSWER = {
  name: 'get_availability',
  toolCallId: 'call_1',
  result: 'I have Tuesday the first of December at ten in the morning. Would that suit you?',
}
const spoken = z.string().meta({ description: 'One line to say aloud' })
const Answer = z
  .object({
    results: z
      .array(z.object({ name: z.string(), toolCallId: z.string().nullable(), result: spoken.optional(), error: spoken.optional() }))
      .optional()
      .meta({ description: 'One entry per function call, in order; either result or error' }),
    result: spoken.optional().meta({ description: 'For the legacy function-call message' }),
    error: spoken.optional(),
    eligible: z.boolean().optional(),
    documents: z.array(z.never()).optional(),
    timeoutSeconds: z.number().optional(),
    assistantId: z.string().optional().meta({ description: 'For assistant-request: who answers the call' }),
    assistant: z
      .record(z.string(), z.unknown())
      .optional()
      .meta({ description: 'For assistant-request: an assistant for this call alone, as Vapi describes it' }),
    assistantOverrides: z.object({ variableValues: z.record(z.string(), z.string()) }).optional(),
  })
  .meta({ id: 'VapiAnswer', examples: [{ results: [ANSWER] }] })

const EXAMPLE = {
  message: {
    type: 'tool-calls',
    toolCallList: [{ id: 'call_1', type: 'function', function: { name: 'get_availability', arguments: { date: 'tomorrow' } } }],
    call: { id: 'c1', assistantId: 'the-assistant' },
  },
}

/** The voice assistant's door. Every message that is not refused is answered with 200: Vapi ignores any other answer and the caller hears silence. */
export const vapiRoutes: RoutePlugin = async (app, { deps }) => {
  app.decorateRequest('vapiCredential')
  app.decorateRequest('traceId')
  for (const [path, operationId] of PATHS) {
    app.post(
      path,
      {
        bodyLimit: PROVEN_BYTES,
        // However busy we are: a 503 would be silence to a caller.
        config: { pressureHandler: () => {} },
        onRequest: [beginTrace, readAsJson, lookAtCredentials(deps)],
        preParsing: readLessOfUnproven,
        schema: {
          operationId,
          tags: ['voice'],
          summary: "Vapi's messages: function calls are carried out and answered in words, others are acknowledged",
          security: [{ vapiSecret: [] }],
          body: z.unknown().meta({ description: "Any of Vapi's server messages", examples: [EXAMPLE] }),
          response: {
            200: Answer,
            400: Problem,
            401: z.object({}).meta({ description: 'The secret is wrong or missing', examples: [{}] }),
            413: Problem,
            429: Problem,
            503: Problem,
          },
        },
      },
      async (request, reply) => {
        const { vapiCredential: credential, rawBody = Buffer.alloc(0) } = request
        const message = readMessage(request.body)
        if (!message) throw new AppError('invalid_request', 'no message of Vapi')
        const patienceMs = message.kind === 'other' ? EVENT_PATIENCE_MS : undefined
        const admission = await orAway(request.log, () => admit(deps, credential, rawBody, message.origin), patienceMs)
        if (admission.kind === 'refused') {
          return credential.kind === 'none' ? reply.code(401).send({}) : refuseWrong(deps, request, reply)
        }
        const { log, traceId } = request
        const spentMs = reply.elapsedTime
        if (message.kind === 'functions')
          return whileHearing(deps, admission, message, log, () => answerFunctions(deps, admission, message, { log, spentMs, traceId }))
        if (message.type === 'assistant-request')
          return whileHearing(deps, admission, message, log, () =>
            answerAssistantRequest(deps, admission, message.origin, { log, spentMs }),
          )
        await hearMessage(deps, admission, message, { log, isProven: credential.kind !== 'none', spentMs })
        return answerOther(message.type)
      },
    )
  }
}

const beginTrace: onRequestAsyncHookHandler = async (request) => {
  request.traceId = traceIdOf(request.headers.traceparent)
  request.log = request.log.child({ traceId: request.traceId })
}

/** The frontend's test page sends its JSON without saying that it is JSON; fetch then calls it plain text. */
const readAsJson: onRequestAsyncHookHandler = async ({ headers }) => {
  if (/^(text\/plain|$)/i.test(headers['content-type'] ?? '')) headers['content-type'] = 'application/json'
}

function lookAtCredentials(deps: Deps): onRequestAsyncHookHandler {
  return async (request, reply) => {
    const credential = await orAway(request.log, () => credentialOf(deps, request.headers))
    if (!credential) return refuseWrong(deps, request, reply)
    request.vapiCredential = credential
  }
}

/** A secret or signature that is wrong: a 401 that explains nothing, and for whoever keeps guessing a 429. */
async function refuseWrong(deps: Deps, request: FastifyRequest, reply: FastifyReply) {
  const wait = await orAway(request.log, () => countWrong(deps, request.ip))
  if (typeof wait !== 'number' || wait === 0) return reply.code(401).send({})
  reply.header('retry-after', String(wait))
  throw new AppError('too_many_requests', 'too many wrong secrets from one address')
}

const readLessOfUnproven: preParsingAsyncHookHandler = async (request, _reply, payload) => {
  const { kind } = request.vapiCredential
  if (kind === 'own' || kind === 'installation') return payload
  let bytes = 0
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      done(bytes > UNPROVEN_BYTES ? new AppError('too_large', 'an unproven body over 1 MiB') : null, chunk)
    },
  })
  return payload.on('error', (error) => counted.destroy(error)).pipe(counted)
}
