import { sql } from 'kysely'
import type { Agent } from './agents.ts'
import type { TenantDb } from './client.ts'

/** What an assistant shall find out from a caller. */
export interface VariableValues {
  /** The frontend's own id; `id` is ours. */
  variableId: string
  name: string
  displayName: string
  type: string
  description: string
  required: boolean
  defaultValue: string | null
  validationPattern: string | null
  extractionPrompt: string | null
  sortOrder: number
}

/** What an assistant may do. */
export interface FunctionValues {
  /** The frontend's own id; `id` is ours. */
  functionId: string
  name: string
  displayName: string
  description: string
  enabled: boolean
  webhookUrl: string | null
  method: string | null
  sortOrder: number
}

type Row = { id: number; createdAt: Date; updatedAt: Date }
export type Variable = VariableValues & Row
export type AgentFunction = FunctionValues & Row

const ROW = ['id', 'createdAt', 'updatedAt', 'name', 'displayName', 'description', 'sortOrder'] as const
const VARIABLE = [...ROW, 'variableId', 'type', 'required', 'defaultValue', 'validationPattern', 'extractionPrompt'] as const
const FUNCTION = [...ROW, 'functionId', 'enabled', 'webhookUrl', 'method'] as const

/** In the owner's order, of equal ones the older first. */
export function listVariables(trx: TenantDb, { clerkUserId, agentId }: Agent): Promise<Variable[]> {
  return trx
    .selectFrom('agentVariables')
    .select(VARIABLE)
    .where('clerkUserId', '=', clerkUserId)
    .where('agentId', '=', agentId)
    .orderBy('sortOrder')
    .orderBy('id')
    .execute()
}

/** In the owner's order, of equal ones the older first. */
export function listFunctions(trx: TenantDb, { clerkUserId, agentId }: Agent): Promise<AgentFunction[]> {
  return trx
    .selectFrom('agentFunctions')
    .select(FUNCTION)
    .where('clerkUserId', '=', clerkUserId)
    .where('agentId', '=', agentId)
    .orderBy('sortOrder')
    .orderBy('id')
    .execute()
}

/** Inserts it, or gives the one with the same `variableId` these values. */
export function saveVariable(trx: TenantDb, { clerkUserId, agentId }: Agent, values: VariableValues): Promise<Variable> {
  const { variableId, ...rest } = values
  return trx
    .insertInto('agentVariables')
    .values({ clerkUserId, agentId, ...values })
    .onConflict((conflict) =>
      conflict.columns(['clerkUserId', 'agentId', 'variableId']).doUpdateSet({ ...rest, updatedAt: sql<Date>`now()` }),
    )
    .returning(VARIABLE)
    .executeTakeFirstOrThrow()
}

/** Inserts it, or gives the one with the same `functionId` these values. */
export function saveFunction(trx: TenantDb, { clerkUserId, agentId }: Agent, values: FunctionValues): Promise<AgentFunction> {
  const { functionId, ...rest } = values
  return trx
    .insertInto('agentFunctions')
    .values({ clerkUserId, agentId, ...values })
    .onConflict((conflict) =>
      conflict.columns(['clerkUserId', 'agentId', 'functionId']).doUpdateSet({ ...rest, updatedAt: sql<Date>`now()` }),
    )
    .returning(FUNCTION)
    .executeTakeFirstOrThrow()
}
