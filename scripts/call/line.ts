import { deliver } from '../rig/deliver.ts'
import type { Demo } from '../start/demo.ts'
import type { Answer, FunctionCall } from './assistant.ts'

/** One phone call as Vapi carries it: every function call is posted to the webhook with the call's id and the caller's number. */
export function openLine({ baseUrl, assistantId, secret }: Demo, number: string) {
  const callId = crypto.randomUUID()
  /** @throws ServiceFailure, NoAnswer */
  return async ({ name, arguments: values }: FunctionCall): Promise<{ answer: Answer; body: string; ms: number }> => {
    const toolCallId = `call_${crypto.randomUUID().slice(0, 8)}`
    const { answer, ms } = await deliver(baseUrl, { assistantId, secret, callId, number, toolCallId, name, arguments: values })
    return { answer, body: JSON.stringify(answer), ms }
  }
}
