import { inTenant } from '../../src/db/client.ts'
import type { TestApp } from './app.ts'

/** What is on record of this owner's calls, each with its turns in their order. */
export function callsOf({ deps }: Pick<TestApp, 'deps'>, { clerkUserId }: { clerkUserId: string }) {
  return inTenant(deps.db, clerkUserId, async (trx) => {
    const rows = await trx.selectFrom('calls').selectAll().orderBy('vapiCallId').execute()
    const turns = await trx.selectFrom('callTranscripts').selectAll().orderBy('sequence').execute()
    return rows.map((row) => ({ ...row, turns: turns.filter(({ callId }) => callId === row.id) }))
  })
}

export type CallOnRecord = Awaited<ReturnType<typeof callsOf>>[number]

/** "user: Hello" */
export function spokenIn(call: CallOnRecord | undefined): string[] {
  return call?.turns.map(({ role, text }) => `${role}: ${text}`) ?? []
}
