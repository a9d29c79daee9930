import * as z from 'zod'

/** What we take from Vapi's description of an assistant. Secrets stand in many of its other fields. */
export interface Assistant {
  id: string
  name: string | null
  model: { provider: string | null; model: string | null }
  voice: { provider: string | null; voiceId: string | null }
  firstMessage: string | null
  serverUrl: string | null
  createdAt: Date
  updatedAt: Date
  /** Ours, when a Ringbook made it. */
  madeId: string | null
}

/** Where our id of an assistant that we make stands in its metadata. */
export const MADE_ID = 'ringbookId'

// One assistant with an odd field must not hide all the others.
const text = z.string().nullable().catch(null)
const time = z.iso.datetime({ offset: true })
const address = z.object({ url: text }).catch({ url: null })
// An audio file may stand in for words, and its address may be signed.
const words = text.transform((given) => (given !== null && /^https?:/i.test(given) ? bareUrl(given) : given))

export const AssistantPage = z.array(
  z
    .object({
      id: z.string().min(1),
      name: text,
      model: z.object({ provider: text, model: text }).catch({ provider: null, model: null }),
      voice: z.object({ provider: text, voiceId: text }).catch({ provider: null, voiceId: null }),
      firstMessage: words,
      server: address,
      serverUrl: text,
      createdAt: time,
      updatedAt: time.optional().catch(undefined),
      metadata: z.object({ [MADE_ID]: text }).catch({ [MADE_ID]: null }),
    })
    .transform(({ server, serverUrl, metadata, createdAt, updatedAt = createdAt, ...rest }) => ({
      id: rest.id,
      createdAtText: createdAt,
      item: {
        ...rest,
        serverUrl: bareUrl(server.url ?? serverUrl),
        createdAt: new Date(createdAt),
        updatedAt: new Date(updatedAt),
        madeId: metadata[MADE_ID],
      } satisfies Assistant,
    })),
)

/** Calls whole, as Vapi describes them: who asks takes from them what may be kept. */
export const CallPage = z.array(
  z
    .looseObject({ id: z.string().min(1), createdAt: time })
    .transform((call) => ({ id: call.id, createdAtText: call.createdAt, item: call })),
)

/** One assistant whole, as Vapi tells it. What is secret stands in it: it goes back to Vapi and nowhere else. */
export const LiveAssistant = z.looseObject({ id: z.string().min(1) })
export type LiveAssistant = z.infer<typeof LiveAssistant>

/** A phone number at Vapi. */
export interface PhoneNumber {
  id: string
  /** Through which vendor it reaches Vapi: `PATCH` asks for it. */
  provider: string
  /** E.164; `null`: an address of another kind. */
  number: string | null
  name: string | null
  assistantId: string | null
  /** A squad or a workflow answers there. */
  isAnsweredOtherwise: boolean
}

const absent = text.optional().transform((given) => given ?? null)
const answering = { assistantId: absent, squadId: absent, workflowId: absent }
export const NumberPage = z.array(
  z
    .object({ id: z.string().min(1), provider: z.string().min(1), number: absent, name: absent, ...answering })
    .transform(({ squadId, workflowId, ...rest }) => ({ ...rest, isAnsweredOtherwise: squadId !== null || workflowId !== null })),
)

export const MadeId = z.object({ id: z.string().min(1) })

/** User names, passwords and queries in addresses are secrets more often than not. */
function bareUrl(text: string | null): string | null {
  const url = text === null ? null : URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) return null
  return url.origin + url.pathname
}
