import * as z from 'zod'
import { post, toolCalls } from '../../test/world/vapi/messages.ts'
import type { Answer } from '../call/assistant.ts'

/** The service did not do what it must whatever the caller says. */
export class ServiceFailure extends Error {
  override readonly name = 'ServiceFailure'
}

/** Nobody was there, or whoever was there went away before answering. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
  /** What was asked for may have happened. */
  readonly wasReached: boolean
  constructor(wasReached: boolean, options?: ErrorOptions) {
    super(wasReached ? 'The service went away before it answered.' : 'The service does not answer.', options)
    this.wasReached = wasReached
  }
}

/** What `fetch` fails with. @throws NoAnswer */
export function noAnswer(error: Error): never {
  const { cause } = error
  const refused = cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED'
  throw new NoAnswer(!refused, { cause: error })
}

const Body = z.object({
  results: z.tuple([z.object({ toolCallId: z.string(), result: z.string().optional(), error: z.string().optional() })]),
})

export interface Delivery {
  assistantId: string
  secret: string
  callId: string
  /** Of the caller, E.164. */
  number: string
  toolCallId: string
  name: string
  arguments: Record<string, unknown>
}

/**
 * One function call over the webhook, as Vapi makes it.
 * @throws ServiceFailure
 * @throws NoAnswer
 */
export async function deliver(baseUrl: string, delivery: Delivery): Promise<{ answer: Answer; ms: number }> {
  const { assistantId, secret, callId, number, toolCallId, name } = delivery
  const message = toolCalls([{ id: toolCallId, name, arguments: delivery.arguments }], { assistantId, callId, customerNumber: number })
  const startedAt = performance.now()
  const { status, text, json } = await post(baseUrl, message, { secret }).catch(noAnswer)
  const ms = performance.now() - startedAt
  const [answer] = Body.safeParse(json).data?.results ?? []
  if (status !== 200 || answer?.toolCallId !== toolCallId || (answer.result ?? answer.error) === undefined)
    throw new ServiceFailure(`The service answered ${name} with ${status} ${text.slice(0, 300)}`)
  return { answer: { result: answer.result, error: answer.error }, ms }
}

/** What the caller hears, whether it went well or not. */
export function words({ result, error }: Answer): string {
  return result ?? error ?? ''
}
