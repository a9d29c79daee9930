import {
  type AgentFunction,
  type FunctionValues,
  listFunctions,
  listVariables,
  saveFunction,
  saveVariable,
  type Variable,
  type VariableValues,
} from '../db/agent-details.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { agentOf, linking, logAgent } from './linking.ts'

/** Variables of one agent, and functions of one agent. */
const MOST = 100

/** @throws AppError `not_found` */
export function variablesOf({ db }: Pick<Deps, 'db'>, clerkUserId: string, agentId: number): Promise<Variable[]> {
  return inTenant(db, clerkUserId, async (trx) => listVariables(trx, await agentOf(trx, clerkUserId, agentId)))
}

/** @throws AppError `not_found` */
export function functionsOf({ db }: Pick<Deps, 'db'>, clerkUserId: string, agentId: number): Promise<AgentFunction[]> {
  return inTenant(db, clerkUserId, async (trx) => listFunctions(trx, await agentOf(trx, clerkUserId, agentId)))
}

/** The same `variableId` again changes the variable that has it. @throws AppError `not_found`, `limit_reached` */
export function putVariable({ db }: Pick<Deps, 'db'>, clerkUserId: string, agentId: number, values: VariableValues): Promise<Variable> {
  return linking(db, clerkUserId, async (trx) => {
    const agent = await agentOf(trx, clerkUserId, agentId)
    const saved = await saveVariable(trx, agent, values)
    if ((await listVariables(trx, agent)).length > MOST) throw new AppError('limit_reached', `${MOST} variables`)
    await logAgent(trx, agent, 'agent.changed', { fields: ['variables'] })
    return saved
  })
}

/** The same `functionId` again changes the function that has it. @throws AppError `not_found`, `limit_reached` */
export function putFunction(
  { db }: Pick<Deps, 'db'>,
  clerkUserId: string,
  agentId: number,
  values: FunctionValues,
): Promise<AgentFunction> {
  return linking(db, clerkUserId, async (trx) => {
    const agent = await agentOf(trx, clerkUserId, agentId)
    const saved = await saveFunction(trx, agent, values)
    if ((await listFunctions(trx, agent)).length > MOST) throw new AppError('limit_reached', `${MOST} functions`)
    await logAgent(trx, agent, 'agent.changed', { fields: ['functions'] })
    return saved
  })
}
