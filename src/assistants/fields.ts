import { isDeepStrictEqual } from 'node:util'

/** Of an assistant, or of a part of it. */
type Fields = Record<string, unknown>

/** A field in which an assistant at Vapi is not as it should be. */
export interface Difference {
  /** `server.url`, `model.tools.book_appointment` */
  field: string
  /** `undefined`: it should not be there. */
  wanted: unknown
  /** `undefined`: it is not there. */
  live: unknown
}

// What every model of Vapi's has, whichever vendor's it is.
const OF_EVERY_MODEL = ['messages', 'tools', 'toolIds', 'toolRefs', 'knowledgeBase', 'temperature', 'maxTokens']
/** A list whose order says nothing. */
const SETS = ['serverMessages', 'clientMessages']

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Field by field. Of an object only what is wanted is looked at: Vapi fills in defaults, and the rest is somebody else's choice.
 * @param base what was wanted before: of that, what is not wanted any more should be gone
 */
export function compare(wanted: Fields, live: Fields, base: Fields = {}): Difference[] {
  return Object.keys(wanted).flatMap((key) => differences(key, key, wanted[key], live[key], base[key]))
}

function differences(path: string, key: string, wanted: unknown, live: unknown, base: unknown): Difference[] {
  if (wanted === undefined) return []
  if (key === 'tools' && Array.isArray(wanted)) return differencesOfTools(path, wanted, live, base)
  if (Array.isArray(wanted)) return sameList(key, wanted, live, base) ? [] : [{ field: path, wanted, live }]
  if (!isFields(wanted)) return isDeepStrictEqual(wanted, live) ? [] : [{ field: path, wanted, live }]
  if (!isFields(live)) return [{ field: path, wanted, live }]
  const before = isFields(base) ? base : {}
  return [
    ...Object.keys(wanted).flatMap((name) => differences(`${path}.${name}`, name, wanted[name], live[name], before[name])),
    // Between two vendors nothing is left over: the one's fields mean nothing to the other.
    ...leftOver(wanted, live, before).map((name) => ({ field: `${path}.${name}`, wanted: undefined, live: live[name] })),
  ]
}

function differencesOfTools(path: string, wanted: unknown[], live: unknown, base: unknown): Difference[] {
  const { names, before, nameOf } = namesOf(wanted, base)
  const there = byName(live, nameOf)
  return [
    ...[...names].flatMap(([name, tool]) => differences(`${path}.${shown(name)}`, name, tool, there.get(name), before.get(name))),
    ...[...before.keys()]
      .filter((name) => !names.has(name) && there.has(name))
      .map((name) => ({ field: `${path}.${shown(name)}`, wanted: undefined, live: there.get(name) })),
  ]
}

function sameList(key: string, wanted: unknown[], live: unknown, base: unknown): boolean {
  if (!Array.isArray(live) || live.length !== wanted.length) return false
  if (SETS.includes(key)) return wanted.every((one) => live.includes(one))
  const before: unknown[] = Array.isArray(base) ? base : []
  return wanted.every((one, index) => fits(one, live[index], before[index]))
}

/** Is all that is wanted there? */
function fits(wanted: unknown, live: unknown, base?: unknown): boolean {
  return differences('', '', wanted, live, base).length === 0
}

/**
 * The top-level fields to be sent so that what is wanted holds and nothing else changes: Vapi replaces a field that is sent as a whole, so each
 * of them carries all that stands there already.
 * @param base as `compare` has it
 */
export function merged(wanted: Fields, live: Fields, base: Fields = {}): Fields {
  const differing = Object.keys(wanted).filter((key) => differences(key, key, wanted[key], live[key], base[key]).length > 0)
  return Object.fromEntries(differing.map((key) => [key, mergedValue(key, wanted[key], live[key], base[key])]))
}

function mergedValue(key: string, wanted: unknown, live: unknown, base: unknown): unknown {
  if (key === 'tools' && Array.isArray(wanted)) return mergedTools(wanted, live, base)
  if (!isFields(wanted) || !isFields(live)) return wanted
  const before = isFields(base) ? base : {}
  const kept = isOtherVendor(wanted, live) ? pick(live, key === 'model' ? OF_EVERY_MODEL : []) : live
  const gone = leftOver(wanted, kept, before)
  return Object.fromEntries([
    ...Object.entries(kept).filter(([name]) => !(name in wanted) && !gone.includes(name)),
    ...Object.entries(wanted).map(([name, value]) => [name, mergedValue(name, value, kept[name], before[name])]),
  ])
}

/** Tools that nobody wanted here stay where they are, as often as they are there. */
function mergedTools(wanted: unknown[], live: unknown, base: unknown): unknown[] {
  const { names, before, nameOf } = namesOf(wanted, base)
  const placed = new Set<string>()
  const there = (Array.isArray(live) ? live : []).flatMap((tool): unknown[] => {
    const name = nameOf(tool)
    if (!names.has(name)) return before.has(name) ? [] : [tool]
    if (placed.has(name)) return []
    placed.add(name)
    return [mergedValue('', names.get(name), tool, before.get(name))]
  })
  return [...there, ...[...names].filter(([name]) => !placed.has(name)).map(([, tool]) => tool)]
}

/** Wanted before, not wanted any more, and still there. */
function leftOver(wanted: Fields, live: Fields, base: Fields): string[] {
  if (isOtherVendor(wanted, base)) return []
  // Where no vendor is wanted any more, nothing is said about what is there.
  if (base.provider !== undefined && wanted.provider === undefined) return []
  return Object.keys(base).filter((name) => !(name in wanted) && name in live)
}

/**
 * What was wanted before of a whole assistant and is not any more: Vapi takes no field of it away, so text and lists are to be empty, and anything
 * else stays.
 */
export function emptied(wanted: Fields, live: Fields, base: Fields): Fields {
  const gone = Object.keys(base).filter((key) => !(key in wanted))
  return Object.fromEntries(
    gone.flatMap((key): [string, unknown][] => {
      if (typeof base[key] === 'string' && typeof live[key] === 'string') return [[key, '']]
      return Array.isArray(base[key]) && Array.isArray(live[key]) ? [[key, []]] : []
    }),
  )
}

function isOtherVendor(wanted: Fields, other: Fields): boolean {
  return typeof wanted.provider === 'string' && other.provider !== undefined && wanted.provider !== other.provider
}

function pick(fields: Fields, names: string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)))
}

/**
 * A function is known by its name, which Vapi wants to be single; any other tool by all that was asked for: Vapi may have added to it, and keeps
 * no order of keys.
 */
function namesOf(wanted: unknown[], base: unknown) {
  const asked = [...wanted, ...(Array.isArray(base) ? base : [])].filter((tool) => functionName(tool) === undefined)
  // Where one tool says all that another does and more, it is the one that says more.
  const known = [...new Set(asked.map((tool) => JSON.stringify(tool)))].sort((a, b) => b.length - a.length)
  const nameOf = (tool: unknown): string => functionName(tool) ?? known.find((one) => fits(JSON.parse(one), tool)) ?? JSON.stringify(tool)
  return { names: byName(wanted, nameOf), before: byName(base, nameOf), nameOf }
}

function byName(tools: unknown, nameOf: (tool: unknown) => string): Map<string, unknown> {
  return new Map(Array.isArray(tools) ? tools.map((tool) => [nameOf(tool), tool]) : [])
}

function functionName(tool: unknown): string | undefined {
  const name = isFields(tool) && isFields(tool.function) ? tool.function.name : undefined
  return typeof name === 'string' ? name : undefined
}

/** Of a tool without a name, its type. */
function shown(name: string): string {
  if (!name.startsWith('{')) return name
  const tool: unknown = JSON.parse(name)
  return isFields(tool) && typeof tool.type === 'string' ? tool.type : 'tool'
}
