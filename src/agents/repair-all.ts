import { operator } from '../audit/log.ts'
import { listLinked } from '../db/agents.ts'
import type { Deps } from '../deps.ts'
import { AppError, type ErrorCode } from '../errors.ts'
import { type Deployed, deployAgent } from './deploy.ts'

/** What was found of one agent, and done. */
export interface Repaired {
  clerkUserId: string
  agentId: number
  assistantId: string
  outcome: Deployed['outcome'] | ErrorCode
  /** Why nothing could be done. */
  why?: string
  fields: string[]
  /** Nothing differs any more. */
  isWell: boolean
}

/**
 * Every assistant that is linked to an agent, of all tenants, one after the other.
 * @param write repairs what differs, and keeps it in step from then on; else nothing is written
 */
export async function* repairAll(
  deps: Pick<Deps, 'db' | 'vapi' | 'vapiWith' | 'cipher' | 'config' | 'log'>,
  { write }: { write: boolean },
): AsyncGenerator<Repaired> {
  for (const { clerkUserId, agentId, assistantId } of await listLinked(deps.db)) {
    yield await deployAgent(deps, clerkUserId, agentId, { dryRun: !write, actor: operator }).then(
      ({ outcome, differences }) => ({
        clerkUserId,
        agentId,
        assistantId,
        outcome,
        fields: differences.map(({ field }) => field),
        isWell: differences.length === 0 || outcome === 'repaired' || outcome === 'made',
      }),
      (error: unknown) => {
        if (!(error instanceof AppError)) throw error
        // One that cannot be reached keeps nobody from the others.
        return { clerkUserId, agentId, assistantId, outcome: error.code, why: error.text, fields: [], isWell: false }
      },
    )
  }
}
