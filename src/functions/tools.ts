import { described } from './arguments.ts'
import { type Definition, definitions, type FunctionName, functionNames, type Told } from './definitions.ts'
import { checkLimits } from './limits.ts'

/** A function as Vapi wants it among the tools of an assistant. */
export interface FunctionTool {
  type: 'function'
  async: false
  function: { name: string; description: string; parameters: JsonSchema }
  server: { url: string; timeoutSeconds: number }
  /** Resolved by Vapi at the time of the call and hidden from the model. */
  parameters: { key: string; value: string }[]
  messages: Filler[]
}

type Filler =
  | { type: 'request-start'; content: string }
  | { type: 'request-response-delayed'; content: string; timingMilliseconds: number }
  | { type: 'request-failed'; role: 'system'; content: string }

/** The part of JSON Schema that Vapi knows: neither defaults nor bounds nor alternatives. */
interface JsonSchema {
  type: 'object'
  properties: Record<string, { type: string; description: string; enum?: string[] }>
  required: string[]
}

/** Vapi gives up then; we answer long before. */
export const TIMEOUT_SECONDS = 20
const DELAYED_AFTER_MS = 4000

// For the logs of the assistant's maker. What we believe stands in the message itself, never in an argument.
const STATIC = [
  { key: 'caller_number', value: '{{ customer.number }}' },
  { key: 'call_id', value: '{{ call.id }}' },
  { key: 'dialled_number', value: '{{ phoneNumber.number }}' },
]

/** The webhook that answers every function. */
export function webhookUrl(baseUrl: string): string {
  return `${baseUrl}/vapi/webhook`
}

/**
 * Tool bodies for `model.tools` of an assistant, made from the validators that read the calls.
 * @param names which; all of them unless said
 * @throws AppError `function_unfit`
 */
export function functionDefinitions({
  baseUrl,
  names = functionNames,
}: {
  baseUrl: string
  names?: readonly FunctionName[]
}): FunctionTool[] {
  return names.map((name) => toolOf(baseUrl, name, definitions[name], definitions[name]))
}

/** The same functions under the names, and with the arguments, that the requirement documents and older prompts know. */
export function olderDefinitions({ baseUrl }: { baseUrl: string }): FunctionTool[] {
  return functionNames.flatMap((name) =>
    Object.entries<Told>(definitions[name].aliases).map(([alias, told]) => toolOf(baseUrl, alias, definitions[name], told)),
  )
}

function toolOf(baseUrl: string, name: string, definition: Omit<Definition, keyof Told | 'aliases'>, told: Told): FunctionTool {
  const { description, fillers } = definition
  const tool: FunctionTool = {
    type: 'function',
    async: false,
    function: { name, description, parameters: schemaOf(definition.parameters.in.shape, told) },
    server: { url: webhookUrl(baseUrl), timeoutSeconds: TIMEOUT_SECONDS },
    parameters: STATIC,
    messages: [
      { type: 'request-start', content: fillers.start },
      { type: 'request-response-delayed', content: fillers.delayed, timingMilliseconds: DELAYED_AFTER_MS },
      { type: 'request-failed', role: 'system', content: fillers.failed },
    ],
  }
  checkLimits(tool)
  return tool
}

function schemaOf(validators: Definition['parameters']['in']['shape'], { shown, required }: Told): JsonSchema {
  const properties = shown.map((name) => {
    const validator = validators[name]
    const told = validator && described.get(validator)
    if (!told) throw new Error(`the argument ${name} has no description`)
    return [name, told] as const
  })
  return { type: 'object', properties: Object.fromEntries(properties), required: [...required] }
}
