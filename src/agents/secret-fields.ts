import { isDeepStrictEqual } from 'node:util'

type Fields = Record<string, unknown>
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

// Names under which the frontend and Vapi keep what opens something. `maxTokens` is a number of words.
const SECRET = /secret|password|credentials$|(api|private)[-_]?key$|token$|authorization/i

/** Without what is secret in it, at any depth and with its order of keys: what is kept for long and shown to people. */
export function withoutSecrets(config: unknown): Fields | null {
  return isFields(config) ? fieldsWithout(config) : null
}

function fieldsWithout(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([name]) => !SECRET.test(name))
      .map(([name, value]) => [name, valueWithout(value)]),
  )
}

function valueWithout(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(valueWithout)
  return isFields(value) ? fieldsWithout(value) : value
}

/** What is secret in the present config, put back at its place as far as that is still there. */
export function withSecretsOf(config: unknown, present: unknown): Fields | null {
  return isFields(config) ? fieldsWith(config, isFields(present) ? present : {}) : null
}

function fieldsWith(fields: Fields, present: Fields): Fields {
  return Object.fromEntries([
    ...Object.entries(fields).map(([name, value]) => [name, valueWith(value, present[name])]),
    ...Object.entries(present).filter(([name]) => SECRET.test(name)),
  ])
}

function valueWith(value: unknown, present: unknown): unknown {
  if (isFields(value)) return fieldsWith(value, isFields(present) ? present : {})
  if (!Array.isArray(value) || !Array.isArray(present)) return value
  // Of a list only what stands there unchanged, wherever that is: a secret is for nobody but whom it was given to.
  return value.map((item) => present.find((one) => isDeepStrictEqual(valueWithout(one), item)) ?? item)
}
