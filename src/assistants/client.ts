import { AppError } from '../errors.ts'
import { type Call, type OutboundOptions, outbound } from '../providers/outbound.ts'
import { sharing } from '../sharing.ts'
import { type Assistant, AssistantPage, CallPage, MadeId } from './answers.ts'
import type { Definition } from './definition.ts'
import { allPages } from './pages.ts'

export interface VapiSettings {
  apiKey: string
  apiUrl: string
}

/**
 * The assistants of this installation's account at Vapi, whoever they belong to here.
 * Every method throws AppError `vapi_unavailable` (nothing is known about what happened), `vapi_busy` or `vapi_refused` (nothing happened).
 */
export interface VapiClient {
  /** All of them, newest first; without anything secret. */
  list(): Promise<Assistant[]>
  /** Asked once: Vapi has no key of repetition. @returns the id of the new assistant */
  create(definition: Definition): Promise<string>
  /** One that is not there is as good as deleted. */
  remove(assistantId: string): Promise<void>
  /** As Vapi has it, with secrets in many places: to be read by `readListedCall` alone. @returns `undefined`: it knows no such call */
  call(callId: string, signal?: AbortSignal): Promise<unknown>
  /** What was said in it, transcript and recording, is deleted for good. One that is not there is as good as deleted. */
  forgetCall(callId: string, signal?: AbortSignal): Promise<void>
  /** All that were made since then, newest first, each as `call` gives it. */
  calls(since: Date, signal?: AbortSignal): Promise<unknown[]>
}

// A call brings its whole conversation in several forms, and all of its assistant.
const CALL_BYTES = 8 * 1024 * 1024
const CALLS_AT_ONCE = 20

/** Vapi's REST API, as far as we need it. */
export function vapiClient({ apiKey, apiUrl }: VapiSettings, options: OutboundOptions = {}): VapiClient {
  const send = outbound({ ...options, vendor: 'vapi', urls: [apiUrl] })

  /** @returns the answer, when it is not a refusal; `undefined` for 404, `null` for what is no JSON */
  async function ask(call: Call, method: string, path: string, body?: object): Promise<unknown> {
    const headers = { authorization: `Bearer ${apiKey}`, ...(body ? { 'content-type': 'application/json' } : {}) }
    const answer = await send(call, `${apiUrl}${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) }).catch(
      (error: unknown) => {
        throw error instanceof AppError ? new AppError('vapi_unavailable', error.message, { cause: error }) : error
      },
    )
    if (answer.status === 404) return undefined
    const why = `vapi ${call.operation}: ${answer.status}`
    if (answer.status === 429) throw new AppError('vapi_busy', why)
    if (answer.status >= 500 || answer.status === 408) throw new AppError('vapi_unavailable', why)
    if (answer.status >= 400) throw new AppError('vapi_refused', why)
    return answer.json().catch(() => null)
  }

  // The account is shared, and so is what Vapi lets it ask in a minute: one page of one user must not use that up.
  const list = sharing((_: undefined) =>
    allPages(async (query) => {
      const call: Call = { operation: 'assistant.list', budget: 'read', repeatable: true }
      const page = AssistantPage.safeParse(await ask(call, 'GET', `/assistant?${new URLSearchParams(query)}`))
      if (!page.success) throw new AppError('vapi_unavailable', 'vapi assistant.list: not the answer that Vapi describes')
      return page.data
    }),
  )

  return {
    list: () => list(undefined),
    create: async (definition) => {
      const call: Call = { operation: 'assistant.create', budget: 'create', repeatable: false }
      const made = MadeId.safeParse(await ask(call, 'POST', '/assistant', definition))
      if (!made.success) throw new AppError('vapi_unavailable', 'vapi assistant.create: no id in the answer')
      return made.data.id
    },
    remove: async (assistantId) => {
      const call: Call = { operation: 'assistant.delete', budget: 'read', repeatable: true }
      await ask(call, 'DELETE', `/assistant/${encodeURIComponent(assistantId)}`)
    },
    call: async (callId, signal) => {
      const call: Call = { operation: 'call.read', budget: 'read', repeatable: true, maxBytes: CALL_BYTES, signal }
      const found = await ask(call, 'GET', `/call/${encodeURIComponent(callId)}`)
      if (found !== undefined && !MadeId.safeParse(found).success)
        throw new AppError('vapi_unavailable', 'vapi call.read: not the answer that Vapi describes')
      return found
    },
    forgetCall: async (callId, signal) => {
      const call: Call = { operation: 'call.delete', budget: 'read', repeatable: true, maxBytes: CALL_BYTES, signal }
      await ask(call, 'DELETE', `/call/${encodeURIComponent(callId)}`, {})
    },
    calls: (since, signal) =>
      allPages(
        async (query) => {
          const call: Call = { operation: 'call.list', budget: 'read', repeatable: true, maxBytes: CALL_BYTES, signal }
          const page = CallPage.safeParse(await ask(call, 'GET', `/call?${new URLSearchParams(query)}`))
          if (!page.success) throw new AppError('vapi_unavailable', 'vapi call.list: not the answer that Vapi describes')
          return page.data
        },
        { since, page: CALLS_AT_ONCE },
      ),
  }
}
