import * as z from 'zod'
import { AppError } from '../errors.ts'
import { type Call, type OutboundOptions, outbound } from '../providers/outbound.ts'
import { sharing } from '../sharing.ts'
import { type Assistant, AssistantPage, CallPage, LiveAssistant, MadeId, NumberPage, type PhoneNumber } from './answers.ts'
import type { Definition } from './definition.ts'
import { allPages } from './pages.ts'

/**
 * What stands in one account at Vapi, whoever it belongs to here.
 * Every method throws AppError `vapi_unavailable` (nothing is known about what happened), `vapi_busy` or `vapi_refused` (nothing happened);
 * one with a tenant's own key also `vapi_key_refused`.
 */
export interface VapiClient {
  /** All assistants, newest first; without anything secret. */
  list(): Promise<Assistant[]>
  /** One assistant as Vapi tells it; `undefined`: there is none. */
  read(assistantId: string): Promise<LiveAssistant | undefined>
  /** Asked once: Vapi has no key of repetition. @returns the id of the new assistant */
  create(definition: Definition): Promise<string>
  /** Each of these top-level fields takes the place of the whole field there. @returns what Vapi says it has become; `undefined`: there is none */
  change(assistantId: string, fields: Definition): Promise<LiveAssistant | undefined>
  /** One that is not there is as good as deleted. */
  remove(assistantId: string): Promise<void>
  /** As Vapi has it, with secrets in many places: to be read by `readListedCall` alone. @returns `undefined`: it knows no such call */
  call(callId: string, signal?: AbortSignal): Promise<unknown>
  /** What was said in it, transcript and recording, is deleted for good. One that is not there is as good as deleted. */
  forgetCall(callId: string, signal?: AbortSignal): Promise<void>
  /** All that were made from then until then, newest first, each as `call` gives it. */
  calls(since: Date, until: Date, signal?: AbortSignal): Promise<unknown[]>
  /** Phone numbers of the account. */
  numbers(): Promise<PhoneNumber[]>
  /** Who answers there: `null`, nobody. @returns false when there is no such number */
  attachNumber(number: Pick<PhoneNumber, 'id' | 'provider'>, assistantId: string | null): Promise<boolean>
  /** Does Vapi know the key? */
  check(): Promise<void>
}

// A call brings its whole conversation in several forms, and all of its assistant.
const CALL_BYTES = 8 * 1024 * 1024
const CALLS_AT_ONCE = 20

/** Vapi's REST API, as far as we need it: a client for each key. The installation's is refused as anything may be, a tenant's own by name. */
export function vapiClients(apiUrl: string, options: OutboundOptions = {}): (apiKey: string, whose: 'installation' | 'own') => VapiClient {
  const send = outbound({ ...options, vendor: 'vapi', urls: [apiUrl] })

  return (apiKey, whose) => {
    /** @returns the answer, when it is not a refusal; `undefined` for 404, `null` for what is no JSON */
    async function ask(call: Call, method: string, path: string, body?: object): Promise<unknown> {
      const headers = { authorization: `Bearer ${apiKey}`, ...(body ? { 'content-type': 'application/json' } : {}) }
      const init = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) }
      const answer = await send(call, `${apiUrl}${path}`, init).catch((error: unknown) => {
        throw error instanceof AppError ? new AppError('vapi_unavailable', error.message, { cause: error }) : error
      })
      if (answer.status === 404) return undefined
      const why = `vapi ${call.operation}: ${answer.status}`
      // What a plan or a version in use forbids today passes: an assistant that stands is to be changed all the same.
      const passes = method === 'PATCH' && (answer.status === 402 || answer.status === 409)
      if (answer.status === 429 || passes) throw new AppError('vapi_busy', why)
      if (answer.status >= 500 || answer.status === 408) throw new AppError('vapi_unavailable', why)
      if (whose === 'own' && (answer.status === 401 || answer.status === 403)) throw new AppError('vapi_key_refused', why)
      if (answer.status >= 400) throw new AppError('vapi_refused', why)
      return answer.json().catch(() => null)
    }

    /** An answer of 200 that is not what Vapi describes tells nothing about what happened. */
    async function told<T>(schema: z.ZodType<T>, call: Call, ...request: [method: string, path: string, body?: object]): Promise<T> {
      const answer = schema.safeParse(await ask(call, ...request))
      if (!answer.success) throw new AppError('vapi_unavailable', `vapi ${call.operation}: not the answer that Vapi describes`)
      return answer.data
    }

    const reading = (operation: string): Call => ({ operation, budget: 'read', repeatable: true })
    // The same fields again make the same assistant, so a change may be sent twice.
    const changing = (operation: string): Call => ({ operation, budget: 'create', repeatable: true })

    const ofCalls = (operation: string, signal: AbortSignal | undefined): Call => ({ ...reading(operation), maxBytes: CALL_BYTES, signal })

    // The account is shared, and so is what Vapi lets it ask in a minute: one page of one user must not use that up.
    const list = sharing((_: undefined) =>
      allPages((query) => told(AssistantPage, reading('assistant.list'), 'GET', `/assistant?${new URLSearchParams(query)}`)),
    )

    return {
      list: () => list(undefined),
      read: (id) => told(LiveAssistant.optional(), reading('assistant.get'), 'GET', `/assistant/${encodeURIComponent(id)}`),
      create: async (definition) => {
        const call: Call = { operation: 'assistant.create', budget: 'create', repeatable: false }
        const made = MadeId.safeParse(await ask(call, 'POST', '/assistant', definition))
        if (!made.success) throw new AppError('vapi_unavailable', 'vapi assistant.create: no id in the answer')
        return made.data.id
      },
      change: (id, fields) =>
        told(LiveAssistant.optional(), changing('assistant.update'), 'PATCH', `/assistant/${encodeURIComponent(id)}`, fields),
      remove: async (assistantId) => {
        await ask(reading('assistant.delete'), 'DELETE', `/assistant/${encodeURIComponent(assistantId)}`)
      },
      call: (callId, signal) =>
        told(z.looseObject(MadeId.shape).optional(), ofCalls('call.read', signal), 'GET', `/call/${encodeURIComponent(callId)}`),
      forgetCall: async (callId, signal) => {
        await ask(ofCalls('call.delete', signal), 'DELETE', `/call/${encodeURIComponent(callId)}`, {})
      },
      calls: (since, until, signal) =>
        allPages((query) => told(CallPage, ofCalls('call.list', signal), 'GET', `/call?${new URLSearchParams(query)}`), {
          since,
          until,
          page: CALLS_AT_ONCE,
        }),
      numbers: () => told(NumberPage, reading('phone-number.list'), 'GET', '/phone-number?limit=1000'),
      attachNumber: async ({ id, provider }, assistantId) => {
        const body = { provider, assistantId }
        return (
          (await told(MadeId.optional(), changing('phone-number.update'), 'PATCH', `/phone-number/${encodeURIComponent(id)}`, body)) !==
          undefined
        )
      },
      check: async () => {
        await told(z.array(z.unknown()), reading('assistant.list'), 'GET', '/assistant?limit=1')
      },
    }
  }
}
