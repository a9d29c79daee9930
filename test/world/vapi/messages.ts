import { createHmac, randomUUID } from 'node:crypto'

/** What Vapi posts to a server URL. Builders give the whole body; change what a test needs different. */
export interface VapiBody {
  message: Record<string, unknown>
  [field: string]: unknown
}

export interface CallOptions {
  /** `null`: a transient assistant, which has no id. */
  assistantId?: string | null
  callId?: string
  /** Who calls, E.164. `null`: withheld, or a web call. */
  customerNumber?: string | null
  /** The dialled number, E.164, and its id at Vapi. */
  phoneNumber?: string
  phoneNumberId?: string
  /** Merged over the fields of the message. */
  extra?: Record<string, unknown>
}

/** What every message carries: the call, the active assistant, the dialled number, the caller. */
export function common(type: string, options: CallOptions = {}): Record<string, unknown> {
  const { assistantId = 'asst-1', callId = 'call-1', customerNumber = '+15550100001' } = options
  const { phoneNumber = '+15550100099', phoneNumberId = 'pn-1' } = options
  const customer = customerNumber === null ? {} : { customer: { number: customerNumber } }
  return {
    type,
    timestamp: Date.now(),
    call: {
      id: callId,
      orgId: 'org-1',
      type: customerNumber === null ? 'webCall' : 'inboundPhoneCall',
      status: 'in-progress',
      assistantId,
      phoneNumberId,
      ...customer,
    },
    assistant: assistantId === null ? { name: 'Leasing line' } : { id: assistantId, name: 'Leasing line' },
    phoneNumber: { id: phoneNumberId, number: phoneNumber },
    ...customer,
    artifact: { messages: [], messagesOpenAIFormatted: [] },
    ...options.extra,
  }
}

export interface FunctionCall {
  id?: string
  name: string
  arguments?: Record<string, unknown>
}

/**
 * How one function call is laid out. A: `{ id, function: { name, arguments } }`, as it really arrives. B and C: the flat forms of two
 * documentation pages. D and D2: only inside `toolWithToolCallList`, whose outer `function.parameters` is the JSON Schema, not the
 * arguments. `all`: the three parallel arrays of a real message.
 */
export type Layout = 'A' | 'B' | 'C' | 'D' | 'D2' | 'all'

export function toolCalls(calls: FunctionCall[], options: CallOptions & { layout?: Layout; stringArguments?: boolean } = {}): VapiBody {
  const { layout = 'all', stringArguments = false } = options
  const prepared = calls.map(({ id = `call_${randomUUID().slice(0, 8)}`, name, arguments: values = {} }) => ({
    id,
    name,
    values: stringArguments ? JSON.stringify(values) : values,
  }))
  type Prepared = (typeof prepared)[number]
  const nested = ({ id, name, values }: Prepared) => ({ id, type: 'function', function: { name, arguments: values } })
  const wrapped = (call: Prepared) => ({
    type: 'function',
    async: false,
    server: { url: 'https://backend.example/vapi/webhook' },
    messages: [],
    function: { name: call.name, description: 'A tool', parameters: { type: 'object', properties: {} } },
    toolCall: nested(call),
  })
  const layouts: Record<Layout, Record<string, unknown>> = {
    A: { toolCallList: prepared.map(nested) },
    B: { toolCallList: prepared.map(({ id, name, values }) => ({ id, name, arguments: values })) },
    C: { toolCallList: prepared.map(({ id, name, values }) => ({ id, name, parameters: values })) },
    D: { toolWithToolCallList: prepared.map(wrapped) },
    D2: {
      toolWithToolCallList: prepared.map(({ id, name, values }) => ({ type: 'function', name, toolCall: { id, parameters: values } })),
    },
    all: { toolCallList: prepared.map(nested), toolCalls: prepared.map(nested), toolWithToolCallList: prepared.map(wrapped) },
  }
  return { message: { ...common('tool-calls', options), ...layouts[layout] } }
}

/** The legacy message, which has no id. `atRoot`: `functionCall` beside the message, as some pages and the frontend have it. */
export function functionCall(
  name: string,
  parameters: Record<string, unknown>,
  options: CallOptions & { atRoot?: boolean; stringArguments?: boolean } = {},
): VapiBody {
  const call = { name, parameters: options.stringArguments ? JSON.stringify(parameters) : parameters }
  const message = common('function-call', options)
  return options.atRoot ? { message, functionCall: call } : { message: { ...message, functionCall: call } }
}

export function assistantRequest(options: CallOptions = {}): VapiBody {
  const message = common('assistant-request', { ...options, assistantId: null })
  const { assistant, ...rest } = message
  return { message: rest }
}

export type CallStatus = 'scheduled' | 'queued' | 'ringing' | 'in-progress' | 'forwarding' | 'ended' | 'not-found' | 'deletion-failed'

/** `endedReason` comes with `ended` alone. */
export function statusUpdate(status: CallStatus, options: CallOptions & { endedReason?: string } = {}): VapiBody {
  const ended = status === 'ended' ? { endedReason: options.endedReason ?? 'customer-ended-call' } : {}
  return { message: { ...common('status-update', options), status, ...ended } }
}

export function transcript(
  role: 'assistant' | 'user',
  text: string,
  options: CallOptions & { partial?: boolean; literalType?: boolean } = {},
): VapiBody {
  const transcriptType = options.partial ? 'partial' : 'final'
  // The literal of the subscription may stand as the type, too.
  const type = options.literalType ? `transcript[transcriptType="${transcriptType}"]` : 'transcript'
  return { message: { ...common(type, options), role, transcriptType, transcript: text } }
}

export interface Report {
  endedReason?: string
  startedAt?: Date
  endedAt?: Date
  cost?: number
  summary?: string
  structuredData?: Record<string, unknown>
  successEvaluation?: string
  transcript?: string
  messages?: unknown[]
}

export function endOfCallReport(report: Report = {}, options: CallOptions = {}): VapiBody {
  const { endedReason = 'customer-ended-call', cost = 0.21, successEvaluation = 'true', messages = [] } = report
  const { endedAt = new Date(), startedAt = new Date(endedAt.getTime() - 250_000) } = report
  const { summary = 'Caller booked a viewing.', structuredData = { booked: true }, transcript = 'AI: Hi\nUser: Hello' } = report
  const message = {
    ...common('end-of-call-report', options),
    endedReason,
    startedAt: startedAt.toISOString(),
    endedAt: endedAt.toISOString(),
    cost,
    costs: [{ type: 'vapi', subType: 'normal', minutes: 4.2, cost }],
    analysis: { summary, structuredData, successEvaluation },
    artifact: { transcript, messages, messagesOpenAIFormatted: [], variableValues: {} },
  }
  return { message: { ...message, ...options.extra } }
}

export interface Credentials {
  /** Sent as `x-vapi-secret`. */
  secret?: string
  /** Sent as `Authorization: Bearer`. */
  bearer?: string
  /** Signs time and body: `x-timestamp` in seconds and `x-signature` in hex, Vapi's defaults. */
  hmacSecret?: string
  path?: string
  headers?: Record<string, string>
}

/** The request as Vapi would make it: for `fetch`, or for `app.inject` as `payload`. */
export function signed(message: VapiBody, credentials: Credentials = {}): { headers: Record<string, string>; body: string } {
  const body = JSON.stringify(message)
  const { secret, bearer, hmacSecret } = credentials
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (secret !== undefined) headers['x-vapi-secret'] = secret
  if (bearer !== undefined) headers.authorization = `Bearer ${bearer}`
  if (hmacSecret !== undefined) {
    const timestamp = String(Math.floor(Date.now() / 1000))
    headers['x-timestamp'] = timestamp
    headers['x-signature'] = createHmac('sha256', hmacSecret).update(`${timestamp}.${body}`).digest('hex')
  }
  return { headers: { ...headers, ...credentials.headers }, body }
}

export interface Answer {
  status: number
  headers: Headers
  text: string
  /** `undefined` when the answer is not JSON. */
  json: unknown
}

export async function post(baseUrl: string, message: VapiBody, credentials: Credentials = {}): Promise<Answer> {
  const url = new URL(credentials.path ?? '/vapi/webhook', baseUrl)
  const response = await fetch(url, { method: 'POST', ...signed(message, credentials) })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') ?? false
  return { status: response.status, headers: response.headers, text, json: isJson && text !== '' ? JSON.parse(text) : undefined }
}
