import * as z from 'zod'
import { post, toolCalls } from '../../test/world/vapi/messages.ts'
import type { Demo } from '../start/demo.ts'
import type { Answer, FunctionCall } from './assistant.ts'

/** The service did not do what it must whatever the caller says. */
export class ServiceFailure extends Error {
  override readonly name = 'ServiceFailure'
}

const Body = z.object({
  results: z.tuple([z.object({ toolCallId: z.string(), result: z.string().optional(), error: z.string().optional() })]),
})

/** One phone call as Vapi carries it: every function call is posted to the webhook with the call's id and the caller's number. */
export function openLine(demo: Demo, customerNumber: string) {
  const callId = crypto.randomUUID()
  /** @throws ServiceFailure */
  return async ({ name, arguments: values }: FunctionCall): Promise<{ answer: Answer; body: string; ms: number }> => {
    const id = `call_${crypto.randomUUID().slice(0, 8)}`
    const message = toolCalls([{ id, name, arguments: values }], { assistantId: demo.assistantId, callId, customerNumber })
    const startedAt = performance.now()
    const { status, text, json } = await post(demo.baseUrl, message, { secret: demo.secret }).catch((error: Error) => {
      throw new ServiceFailure(`The service does not answer at ${demo.baseUrl}.`, { cause: error })
    })
    const ms = performance.now() - startedAt
    const [answer] = Body.safeParse(json).data?.results ?? []
    if (status !== 200 || answer?.toolCallId !== id || (answer.result ?? answer.error) === undefined)
      throw new ServiceFailure(`The service answered ${name} with ${status} ${text.slice(0, 300)}`)
    const { result, error } = answer
    return { answer: { result, error }, body: JSON.stringify(result === undefined ? { error } : { result }), ms }
  }
}
