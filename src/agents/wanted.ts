import * as z from 'zod'
import { namesModel, type Wanted } from '../assistants/definition.ts'
import { openDiary } from '../calendar/access.ts'
import type { AgentValues } from '../db/agents.ts'
import { findBusiness } from '../db/businesses.ts'
import type { TenantDb } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { type FunctionName, functionNames } from '../functions/definitions.ts'
import { checkLimits } from '../functions/limits.ts'
import { configFrom, generalTemplate } from '../functions/templates.ts'
import { functionDefinitions } from '../functions/tools.ts'

const NamedTool = z.object({
  function: z.object({ name: z.string(), description: z.string().optional() }),
  messages: z
    .array(z.object({ content: z.string() }))
    .optional()
    .catch(undefined),
})
const WithTools = z.object({ model: z.object({ tools: z.array(z.unknown()) }) })

/** An agent's config with what an assistant cannot be without. */
export interface AgentWanted extends Pick<Wanted, 'name' | 'config' | 'functions'> {
  /** The config alone: with what else an assistant begins, its owner may do as she likes. */
  own: Wanted['config']
}

/**
 * What this agent's assistant is to be. A config that names functions of ours among its tools chooses them; any other gets all of them. Where
 * there is no model, neither in the config nor at Vapi, the general template begins it from the settings of the business.
 * @throws AppError `function_unfit` for a function of her own that Vapi would take and then work badly with
 */
export async function wantedOfAgent(
  { config: { baseUrl, ...settings } }: Pick<Deps, 'config'>,
  trx: TenantDb,
  clerkUserId: string,
  { agentName, config }: Pick<AgentValues, 'agentName' | 'config'>,
  hasModel = false,
): Promise<AgentWanted> {
  const isBegun = hasModel || namesModel(config ?? {})
  const begun = isBegun ? config : { ...(await beginning({ config: { baseUrl, ...settings } }, trx, clerkUserId)), ...config }
  const tools = WithTools.safeParse(begun).data?.model.tools.flatMap((tool) => NamedTool.safeParse(tool).data ?? []) ?? []
  for (const { function: one, messages = [] } of tools)
    checkLimits({ function: { name: one.name, description: one.description ?? one.name }, messages })
  const chosen = functionNames.filter((name) => tools.some((tool) => tool.function.name === name))
  const functions = functionDefinitions({ baseUrl, names: chosen.length > 0 ? chosen : functionNames })
  return { name: agentName, config: begun, own: config, functions }
}

/** As the general template begins it, told of everything that may be done; the tools themselves are among those of every assistant. */
async function beginning(deps: Pick<Deps, 'config'>, trx: TenantDb, clerkUserId: string) {
  const { name } = await findBusiness(trx, clerkUserId)
  const { rules } = await openDiary(deps, trx, clerkUserId)
  const functions: FunctionName[] = [...functionNames]
  const business = { name, timeZone: rules.timeZone, openingHours: rules.openingHours }
  const config = configFrom({ ...generalTemplate, functions }, { business, baseUrl: deps.config.baseUrl, isConnected: true })
  const { tools: _, ...model } = config.model
  return { ...config, model }
}
