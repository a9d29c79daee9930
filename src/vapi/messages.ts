import * as z from 'zod'
import type { News } from '../calls/news.ts'
import { lineNumber } from '../line-number.ts'
import { tolerantId as id, tolerantList as listOf, tolerantText as text } from '../tolerant.ts'
import { newsOf } from './news.ts'

/** One request that an assistant makes of us. */
export interface FunctionCall {
  /** To be copied into the answer exactly; `null` in the legacy message. */
  id: string | null
  name: string
  /** As the model wrote them; `undefined` when they are not an object. */
  parameters: Record<string, unknown> | undefined
}

/** Where a message comes from: Vapi's own facts, none of them written by a model. */
export interface Origin {
  /** Every assistant id that the message names, the most telling first, without repetition. */
  assistantIds: string[]
  /** Of the phone call. */
  callId: string | null
  /** As Vapi has it: E.164, or nothing for web calls and hidden numbers. */
  customerNumber: string | null
  customerName: string | null
  /** The number that was called, E.164. */
  dialledNumber: string | null
}

/** What Vapi sent, whatever its layout: all of them leave here as one of these. */
export type Message = { origin: Origin /** Of its call. */; news: News } & (
  | { kind: 'functions'; legacy: boolean; calls: FunctionCall[] }
  /** Everything else, by Vapi's own type. */
  | { kind: 'other'; type: string }
)

const Named = z.looseObject({ id }).nullish().catch(undefined)
const Customer = z.object({ number: text, name: text }).nullish().catch(undefined)
const Line = z.object({ number: text }).nullish().catch(undefined)
const ToolFunction = z
  .object({ name: text, arguments: z.unknown().optional(), parameters: z.unknown().optional() })
  .nullish()
  .catch(undefined)
const Call = z.object({
  id: text,
  type: z.unknown().optional(),
  name: text,
  function: ToolFunction,
  arguments: z.unknown().optional(),
  parameters: z.unknown().optional(),
})
// In this wrapper `function.parameters` is the JSON Schema of the tool, not what the model wrote.
const Wrapped = z.object({ name: text, function: z.object({ name: text }).nullish().catch(undefined), toolCall: Call })
const Legacy = z
  .object({ id: text, name: z.string().min(1), parameters: z.unknown().optional(), arguments: z.unknown().optional() })
  .nullish()
  .catch(undefined)
const Body = z.object({
  type: text,
  toolCallList: listOf(Call),
  toolCalls: listOf(Call),
  toolWithToolCallList: listOf(Wrapped),
  functionCall: Legacy,
  call: z.object({ id, assistantId: id, customer: Customer, phoneNumber: Line }).nullish().catch(undefined),
  assistant: Named,
  assistantId: id,
  customer: Customer,
  phoneNumber: Line,
  chat: z.object({ assistantId: id }).nullish().catch(undefined),
})
const Envelope = Body.extend({ message: Body.nullish().catch(undefined) })

/** @returns `undefined` when it is no message of Vapi's at all */
export function readMessage(body: unknown): Message | undefined {
  const envelope = Envelope.safeParse(body).data
  if (!envelope) return undefined
  const message = envelope.message ?? envelope
  const origin = originOf(message, envelope)
  const calls = functionCalls(message)
  const legacy = message.functionCall ?? envelope.functionCall
  const type = calls.length > 0 ? 'tool-calls' : legacy ? 'function-call' : message.type
  if (!type) return undefined
  const news = newsOf(type, envelope.message ? messageIn(body) : body)
  if (calls.length > 0) return { kind: 'functions', legacy: false, calls, origin, news }
  if (legacy) {
    const parameters = readArguments(legacy.parameters ?? legacy.arguments)
    return { kind: 'functions', legacy: true, calls: [{ id: legacy.id ?? null, name: legacy.name, parameters }], origin, news }
  }
  return { kind: 'other', type, origin, news }
}

function messageIn(body: unknown): unknown {
  return typeof body === 'object' && body !== null && 'message' in body ? body.message : undefined
}

// The same calls stand in up to three parallel lists, of which some may be missing.
function functionCalls(message: z.infer<typeof Body>): FunctionCall[] {
  const wrapped = message.toolWithToolCallList.map(({ toolCall, function: tool, name }) => ({ ...toolCall, outer: tool?.name ?? name }))
  const all = [...message.toolCallList, ...message.toolCalls].map((call) => ({ ...call, outer: undefined }))
  const calls = new Map<string, FunctionCall>()
  for (const call of [...all, ...wrapped]) {
    const name = call.function?.name ?? call.name ?? call.outer
    if (!call.id || calls.has(call.id)) continue
    const parameters = call.function?.arguments ?? call.function?.parameters ?? call.arguments ?? call.parameters
    calls.set(call.id, { id: call.id, name: name ?? '', parameters: readArguments(parameters) })
  }
  return [...calls.values()]
}

/** An object, or the same as JSON text. Nothing at all is no arguments. */
function readArguments(raw: unknown): Record<string, unknown> | undefined {
  if (raw === undefined || raw === null || raw === '') return {}
  return z.record(z.string(), z.unknown()).safeParse(typeof raw === 'string' ? parsed(raw) : raw).data
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

function originOf(message: z.infer<typeof Body>, root: z.infer<typeof Body>): Origin {
  const ids = [message, root].flatMap((at) => [at.call?.assistantId, at.assistant?.id, at.assistantId, at.chat?.assistantId])
  return {
    assistantIds: [...new Set(ids.filter((id) => typeof id === 'string'))],
    callId: message.call?.id ?? root.call?.id ?? null,
    customerNumber: message.customer?.number ?? message.call?.customer?.number ?? null,
    customerName: message.customer?.name ?? message.call?.customer?.name ?? null,
    dialledNumber: lineNumber(message.phoneNumber?.number ?? message.call?.phoneNumber?.number ?? null),
  }
}
