import { refuse } from './errors.ts'

/** What `fields` asks for; `null`: all that is there. */
type Selection = Map<string, Selection> | null

/** Partial responses: `kind,items(id,extendedProperties/private)` cuts an answer down to what is named. */
export function partial(answer: unknown, fields: string | undefined): unknown {
  if (fields === undefined) return answer
  const rest = [...fields]
  const selection = list()
  if (rest.length > 0) throw invalid()
  return cut(answer, selection)

  function list(): Selection {
    const wanted = new Map<string, Selection>()
    do wanted.set(...one())
    while (take(','))
    return wanted
  }

  function one(): [name: string, below: Selection] {
    let name = ''
    while (/[\w-]/.test(rest[0] ?? '')) name += rest.shift()
    if (name === '') throw invalid()
    if (take('/')) return [name, new Map([one()])]
    if (!take('(')) return [name, null]
    const below = list()
    if (!take(')')) throw invalid()
    return [name, below]
  }

  function take(mark: string): boolean {
    if (rest[0] !== mark) return false
    rest.shift()
    return true
  }

  function invalid() {
    return refuse(400, 'invalidParameter', `Invalid field selection ${fields}`)
  }
}

function cut(value: unknown, selection: Selection): unknown {
  if (selection === null || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((one) => cut(one, selection))
  const kept = Object.entries(value).filter(([name]) => selection.has(name))
  return Object.fromEntries(kept.map(([name, one]) => [name, cut(one, selection.get(name) ?? null)]))
}
