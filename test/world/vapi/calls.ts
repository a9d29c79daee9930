export interface CallAtVapi {
  id?: string
  assistantId: string | null
  createdAt: Date
  status?: 'queued' | 'ringing' | 'in-progress' | 'ended'
  startedAt?: Date
  endedAt?: Date
  endedReason?: string
  customerNumber?: string
  summary?: string
  structuredData?: Record<string, unknown>
  /** Who said what, a second after each other from the start. */
  said?: [role: 'bot' | 'user', text: string][]
  extra?: Record<string, unknown>
}

/** A call as `GET /call/{id}` shows it, with the secrets and addresses that stand in it. */
export function callAtVapi({ assistantId, createdAt, status = 'ended', extra, ...call }: CallAtVapi): Record<string, unknown> {
  const { startedAt = createdAt, endedAt, said = [], customerNumber = '+15550100001' } = call
  const isOver = status === 'ended'
  const over = endedAt ?? new Date(startedAt.getTime() + 60_000)
  const messages = said.map(([role, message], index) => ({
    role,
    message,
    time: startedAt.getTime() + index * 1000,
    endTime: startedAt.getTime() + index * 1000 + 900,
    secondsFromStart: index,
  }))
  return {
    ...(call.id === undefined ? {} : { id: call.id }),
    type: 'inboundPhoneCall',
    assistantId,
    status,
    createdAt: createdAt.toISOString(),
    updatedAt: (isOver ? over : startedAt).toISOString(),
    startedAt: startedAt.toISOString(),
    phoneNumberId: 'pn-1',
    customer: { number: customerNumber },
    monitor: { listenUrl: 'wss://phone.example/listen', controlUrl: 'https://phone.example/control' },
    ...(isOver
      ? {
          endedAt: over.toISOString(),
          endedReason: call.endedReason ?? 'customer-ended-call',
          cost: 0.21,
          costs: [{ type: 'vapi', subType: 'normal', minutes: 1, cost: 0.21 }],
          analysis: { summary: call.summary ?? 'Caller asked for a viewing.', structuredData: call.structuredData ?? {} },
          artifact: { messages, recordingUrl: 'https://storage.example/recording.wav' },
        }
      : { artifact: { messages } }),
    ...extra,
  }
}
