type Fields = Record<string, unknown>
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

// Names under which the frontend and Vapi keep what opens something. `maxTokens` is a number of words.
const SECRET = /secret|password|credentials$|^api-?_?key$|auth-?_?token$|^token$|authorization/i

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
  if (!isFields(config)) return null
  if (!isFields(present)) return config
  const secrets = Object.entries(present).filter(([name]) => SECRET.test(name))
  return Object.fromEntries([
    ...Object.entries(config).map(([name, value]) => [name, isFields(value) ? withSecretsOf(value, present[name]) : value]),
    ...secrets,
  ])
}
