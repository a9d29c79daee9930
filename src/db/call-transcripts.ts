import type { TenantDb } from './client.ts'

/** One utterance of a call. */
export interface Turn {
  role: 'assistant' | 'user'
  text: string
  /** `null`: nobody told. */
  saidAt: Date | null
  /** Of whoever wrote it down, from 0 to 1. */
  confidence: number | null
}

type Of = { clerkUserId: string; id: string }

/** In the order in which they were said. */
export async function listTurns(trx: TenantDb, { clerkUserId, id }: Of): Promise<Turn[]> {
  const rows = await trx
    .selectFrom('callTranscripts')
    .select(['role', 'text', 'saidAt', 'confidence'])
    .where('clerkUserId', '=', clerkUserId)
    .where('callId', '=', id)
    .orderBy('sequence')
    .execute()
  return rows.map(({ role, ...turn }) => ({ ...turn, role: role === 'user' ? 'user' : 'assistant' }))
}

/** Writes these turns in place of those from the `from`th on. The call must be locked. */
export async function replaceTurns(trx: TenantDb, { clerkUserId, id }: Of, turns: Turn[], from = 0): Promise<void> {
  await trx
    .deleteFrom('callTranscripts')
    .where('clerkUserId', '=', clerkUserId)
    .where('callId', '=', id)
    .where('sequence', '>=', from)
    .execute()
  const rows = turns.slice(from).map((turn, index) => ({ ...turn, clerkUserId, callId: id, sequence: from + index }))
  if (rows.length > 0) await trx.insertInto('callTranscripts').values(rows).execute()
}
