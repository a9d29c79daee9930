import t from 'tap'
import { type Definition, definitions, functionNames, type Told } from '../../src/functions/definitions.ts'
import { checkLimits } from '../../src/functions/limits.ts'
import { functionDefinitions, olderDefinitions } from '../../src/functions/tools.ts'
import { findFunction } from '../../src/vapi/functions.ts'
import { readPublished } from '../world/vapi/published.ts'

const baseUrl = 'https://ringbook.example'
const tools = [...functionDefinitions({ baseUrl }), ...olderDefinitions({ baseUrl })]

/** Every name of every function, with what a model is told of it there. */
const known = functionNames.flatMap((own) => {
  const definition: Omit<Definition, 'aliases'> & { aliases: Record<string, Told> } = definitions[own]
  return [[own, definition] as const, ...Object.entries(definition.aliases)].map(([name, told]) => ({ name, own, definition, told }))
})

t.test('every name has one tool, which its handler answers to', async (t) => {
  t.same(tools.map((tool) => tool.function.name).sort(), known.map(({ name }) => name).sort())
  t.equal(new Set(tools.map((tool) => tool.function.name)).size, tools.length, 'no name twice')
  for (const { name, own, definition } of known) {
    t.equal(findFunction(name)?.name, own)
    t.equal(findFunction(name)?.isAct, definition.isAct)
  }
})

t.test('what a model is told to write, the validator reads', async (t) => {
  for (const { name, definition, told } of known) {
    for (const [argument, value] of Object.entries(told.example)) {
      const read = definition.parameters.parse({ [argument]: value })
      const nothing = definition.parameters.parse({})
      t.strictNotSame(read, nothing, `${name}: ${argument} is read`)
      t.ok(told.shown.includes(argument), `${name}: ${argument} is described`)
    }
    for (const argument of told.required) {
      t.ok(told.shown.includes(argument) && argument in told.example, `${name}: ${argument} is shown and exemplified`)
    }
  }
})

t.test('no argument is shown that does nothing', async (t) => {
  const values: Record<string, unknown> = { string: 'America/Chicago', integer: 30, boolean: true }
  for (const { function: tool } of tools) {
    const definition = known.find(({ name }) => name === tool.name)?.definition
    for (const [argument, { type, enum: allowed }] of Object.entries(tool.parameters.properties)) {
      const given = { [argument]: allowed?.[0] ?? values[type] }
      t.strictNotSame(definition?.parameters.parse(given), definition?.parameters.parse({}), `${tool.name}: ${argument}`)
    }
  }
})

t.test('arguments are described in the part of JSON Schema that Vapi knows', async (t) => {
  for (const { function: tool } of tools) {
    const { parameters } = tool
    t.same(Object.keys(parameters), ['type', 'properties', 'required'])
    for (const [name, property] of Object.entries(parameters.properties)) {
      for (const key of Object.keys(property)) t.ok(['type', 'description', 'enum'].includes(key), `${tool.name}.${name}: ${key}`)
      t.ok(property.description.length >= 20, `${tool.name}.${name} says what it is`)
      t.notMatch(property.description, /[\n<>{}]/)
    }
  }
})

t.test('descriptions are long enough to help and stay within the limit', async (t) => {
  for (const { function: tool } of tools) {
    t.ok(tool.description.length >= 200 && tool.description.length <= 800, `${tool.name}: ${tool.description.length}`)
    t.notMatch(tool.description, /\b[a-z]+_[a-z]+\b/, `${tool.name}: names of tools leak into speech`)
  }
})

t.test('while a function works the caller hears something, and never a placeholder in place of the answer', async (t) => {
  for (const { function: tool, messages } of tools) {
    t.same(
      messages.map(({ type }) => type),
      ['request-start', 'request-response-delayed', 'request-failed'],
      tool.name,
    )
    for (const message of messages) t.notMatch(message.content, /[:\n{}]/, `${tool.name}: ${message.content}`)
  }
})

t.test('number of the caller, call and dialled number are told by Vapi and not by the model', async (t) => {
  for (const { function: tool, parameters } of tools) {
    t.same(
      parameters.map(({ key }) => key),
      ['caller_number', 'call_id', 'dialled_number'],
    )
    for (const { key } of parameters) t.notOk(key in tool.parameters.properties, `${tool.name}: ${key} is hidden from the model`)
  }
})

t.test('what Vapi would take and then work badly with is refused before it is sent', async (t) => {
  const fit = { function: { name: 'leave_note', description: 'x'.repeat(999) }, messages: [{ content: 'x'.repeat(1000) }] }
  t.doesNotThrow(() => checkLimits(fit))
  const unfit = [
    { ...fit, function: { ...fit.function, description: 'x'.repeat(1000) } },
    { ...fit, function: { ...fit.function, description: ' ' } },
    { ...fit, function: { ...fit.function, name: 'leave note' } },
    { ...fit, function: { ...fit.function, name: '' } },
    { ...fit, function: { ...fit.function, name: 'x'.repeat(65) } },
    { ...fit, messages: [{ content: 'x'.repeat(1001) }] },
  ]
  for (const one of unfit) t.throws(() => checkLimits(one), { code: 'function_unfit', status: 400 })
})

t.test('every tool fits what Vapi publishes', async (t) => {
  const published = readPublished('vapi.openapi.json', { strictNames: true })
  if (!published.present) return t.pass('the description is not beside the checkout')
  for (const tool of tools) t.same(published.wrong('/components/schemas/CreateFunctionToolDTO', tool), [], tool.function.name)
})
