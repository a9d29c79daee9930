import { assistantRequest, endOfCallReport, post, statusUpdate, transcript, type VapiBody } from '../../test/world/vapi/messages.ts'
import { deliver, noAnswer, ServiceFailure } from '../rig/deliver.ts'
import type { Demo } from '../start/demo.ts'
import type { Answer, FunctionCall } from './assistant.ts'

/** One phone call as Vapi carries it: all that happens in it is posted to the webhook. */
export interface Line {
  callId: string
  /** Who is to answer, that it rings, that somebody answers. */
  ring(): Promise<void>
  said(role: 'assistant' | 'user', words: string): Promise<void>
  /** @throws ServiceFailure, NoAnswer */
  ask(call: FunctionCall): Promise<{ answer: Answer; body: string; ms: number }>
  /** That it has ended, and the report of it. */
  hangUp(): Promise<void>
}

export function openLine({ baseUrl, assistantId, secret }: Demo, number: string): Line {
  const callId = crypto.randomUUID()
  const options = { assistantId, callId, customerNumber: number }
  const startedAt = new Date()
  const turns: { role: 'bot' | 'user'; message: string; time: number; secondsFromStart: number }[] = []

  /** @throws ServiceFailure, NoAnswer */
  async function tell(message: VapiBody): Promise<void> {
    const { status, text } = await post(baseUrl, message, { secret }).catch(noAnswer)
    if (status !== 200) throw new ServiceFailure(`The service answered ${message.message.type} with ${status} ${text.slice(0, 300)}`)
  }

  return {
    callId,
    ring: async () => {
      await tell(assistantRequest(options))
      await tell(statusUpdate('ringing', options))
      await tell(statusUpdate('in-progress', options))
    },
    said: async (role, words) => {
      const time = Date.now()
      turns.push({
        role: role === 'assistant' ? 'bot' : 'user',
        message: words,
        time,
        secondsFromStart: (time - startedAt.getTime()) / 1000,
      })
      await tell(transcript(role, words, { ...options, extra: { timestamp: time } }))
    },
    ask: async ({ name, arguments: values }) => {
      const toolCallId = `call_${crypto.randomUUID().slice(0, 8)}`
      const { answer, ms } = await deliver(baseUrl, { assistantId, secret, callId, number, toolCallId, name, arguments: values })
      return { answer, body: JSON.stringify(answer), ms }
    },
    hangUp: async () => {
      await tell(statusUpdate('ended', options))
      const summary = 'A simulated call of npm run call.'
      const report = { startedAt, endedAt: new Date(), summary, structuredData: {}, messages: turns, cost: 0.0421 }
      await tell(endOfCallReport(report, options))
    },
  }
}
