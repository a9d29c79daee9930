import * as z from 'zod'
import type { AgentFunction, FunctionValues, Variable, VariableValues } from '../../db/agent-details.ts'
import { signedInOnly } from '../../http/auth.ts'
import { instant, line, problems, type RoutePlugin, rowId } from '../../http/zod.ts'
import { oneLine } from '../../one-line.ts'
import { functionsOf, putFunction, putVariable, variablesOf } from '../details.ts'

const VARIABLE_EXAMPLE = {
  variable_id: 'var_1761000000000',
  name: 'new_variable',
  display_name: 'Move-in date',
  type: 'string',
  description: 'When the caller wants to move in',
  required: false,
  default_value: null,
  validation_pattern: null,
  extraction_prompt: 'Ask when they would like to move in.',
  sort_order: 0,
}
const FUNCTION_EXAMPLE = {
  function_id: 'func_1761000000000',
  name: 'new_function',
  display_name: 'Check the calendar',
  description: 'Looks up free times',
  enabled: true,
  webhook_url: null,
  method: null,
  sort_order: 0,
}
const ROW_EXAMPLE = { id: 12, created_at: '2026-10-30T01:30:00.000Z', updated_at: '2026-10-30T01:30:00.000Z' }

const frontendsId = line(100)
const label = z
  .string()
  .max(200)
  .transform((text) => oneLine(text, 200))
const prose = (longest: number) => z.string().max(longest)
const order = z.int().min(-1_000_000).max(1_000_000)

const NewVariable = z
  .object({
    variable_id: frontendsId,
    name: line(200),
    display_name: label,
    type: line(50),
    description: prose(2000),
    required: z.boolean(),
    default_value: prose(2000).nullish(),
    validation_pattern: prose(500).nullish(),
    extraction_prompt: prose(4000).nullish(),
    sort_order: order.nullish(),
  })
  .meta({ examples: [VARIABLE_EXAMPLE] })

const NewFunction = z
  .object({
    function_id: frontendsId,
    name: line(200),
    display_name: label,
    description: prose(2000),
    enabled: z.boolean(),
    webhook_url: prose(2000).nullish().describe('Kept for the frontend; never called from here'),
    method: line(20).nullish(),
    sort_order: order.nullish(),
  })
  .meta({ examples: [FUNCTION_EXAMPLE] })

const params = z.object({ agent_id: rowId })

const row = { id: z.int(), created_at: instant, updated_at: instant }

const VariableBody = z
  .object({
    ...row,
    variable_id: z.string(),
    name: z.string(),
    display_name: z.string(),
    type: z.string(),
    description: z.string(),
    required: z.boolean(),
    default_value: z.string().nullable(),
    validation_pattern: z.string().nullable(),
    extraction_prompt: z.string().nullable(),
    sort_order: z.int(),
  })
  .meta({ id: 'AgentVariable', examples: [{ ...VARIABLE_EXAMPLE, ...ROW_EXAMPLE }] })

const FunctionBody = z
  .object({
    ...row,
    function_id: z.string(),
    name: z.string(),
    display_name: z.string(),
    description: z.string(),
    enabled: z.boolean(),
    webhook_url: z.string().nullable(),
    method: z.string().nullable(),
    sort_order: z.int(),
  })
  .meta({ id: 'AgentFunction', examples: [{ ...FUNCTION_EXAMPLE, ...ROW_EXAMPLE }] })

const VariableList = z
  .object({ variables: z.array(VariableBody) })
  .meta({ examples: [{ variables: [{ ...VARIABLE_EXAMPLE, ...ROW_EXAMPLE }] }] })
const OneVariable = z.object({ variable: VariableBody }).meta({ examples: [{ variable: { ...VARIABLE_EXAMPLE, ...ROW_EXAMPLE } }] })
const FunctionList = z
  .object({ functions: z.array(FunctionBody) })
  .meta({ examples: [{ functions: [{ ...FUNCTION_EXAMPLE, ...ROW_EXAMPLE }] }] })
const OneFunction = z.object({ function: FunctionBody }).meta({ examples: [{ function: { ...FUNCTION_EXAMPLE, ...ROW_EXAMPLE } }] })

/** What an agent's assistant shall find out, and what it may do, as the frontend's editor keeps it. */
export const agentDetailRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  const tags = ['agents']
  signedInOnly(app, deps)

  app.get(
    '/:agent_id/variables',
    {
      schema: {
        operationId: 'listAgentVariables',
        tags,
        summary: 'What the assistant shall find out from a caller, in order',
        security,
        params,
        response: { 200: VariableList },
      },
    },
    async ({ user, params }) => ({ variables: (await variablesOf(deps, user.clerkUserId, params.agent_id)).map(variableBody) }),
  )

  app.post(
    '/:agent_id/variables',
    {
      schema: {
        operationId: 'saveAgentVariable',
        tags,
        summary: 'Adds a variable; with a variable_id that is there already, changes that one',
        security,
        params,
        body: NewVariable,
        response: { 201: OneVariable, ...problems(409) },
      },
    },
    async ({ user, params, body }, reply) => {
      const variable = await putVariable(deps, user.clerkUserId, params.agent_id, variableValues(body))
      reply.code(201)
      return { variable: variableBody(variable) }
    },
  )

  app.get(
    '/:agent_id/functions',
    {
      schema: {
        operationId: 'listAgentFunctions',
        tags,
        summary: 'What the assistant may do, in order',
        security,
        params,
        response: { 200: FunctionList },
      },
    },
    async ({ user, params }) => ({ functions: (await functionsOf(deps, user.clerkUserId, params.agent_id)).map(functionBody) }),
  )

  app.post(
    '/:agent_id/functions',
    {
      schema: {
        operationId: 'saveAgentFunction',
        tags,
        summary: 'Adds a function; with a function_id that is there already, changes that one',
        security,
        params,
        body: NewFunction,
        response: { 201: OneFunction, ...problems(409) },
      },
    },
    async ({ user, params, body }, reply) => {
      const one = await putFunction(deps, user.clerkUserId, params.agent_id, functionValues(body))
      reply.code(201)
      return { function: functionBody(one) }
    },
  )
}

function variableValues(body: z.output<typeof NewVariable>): VariableValues {
  return {
    variableId: body.variable_id,
    name: body.name,
    displayName: body.display_name,
    type: body.type,
    description: body.description,
    required: body.required,
    defaultValue: body.default_value ?? null,
    validationPattern: body.validation_pattern ?? null,
    extractionPrompt: body.extraction_prompt ?? null,
    sortOrder: body.sort_order ?? 0,
  }
}

function functionValues(body: z.output<typeof NewFunction>): FunctionValues {
  return {
    functionId: body.function_id,
    name: body.name,
    displayName: body.display_name,
    description: body.description,
    enabled: body.enabled,
    webhookUrl: body.webhook_url ?? null,
    method: body.method ?? null,
    sortOrder: body.sort_order ?? 0,
  }
}

function variableBody(variable: Variable): z.input<typeof VariableBody> {
  return {
    id: variable.id,
    variable_id: variable.variableId,
    name: variable.name,
    display_name: variable.displayName,
    type: variable.type,
    description: variable.description,
    required: variable.required,
    default_value: variable.defaultValue,
    validation_pattern: variable.validationPattern,
    extraction_prompt: variable.extractionPrompt,
    sort_order: variable.sortOrder,
    created_at: variable.createdAt.toISOString(),
    updated_at: variable.updatedAt.toISOString(),
  }
}

function functionBody(one: AgentFunction): z.input<typeof FunctionBody> {
  return {
    id: one.id,
    function_id: one.functionId,
    name: one.name,
    display_name: one.displayName,
    description: one.description,
    enabled: one.enabled,
    webhook_url: one.webhookUrl,
    method: one.method,
    sort_order: one.sortOrder,
    created_at: one.createdAt.toISOString(),
    updated_at: one.updatedAt.toISOString(),
  }
}
