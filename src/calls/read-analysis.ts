import * as z from 'zod'
import { oneLine, plainLines } from '../one-line.ts'
import { tolerantList, tolerantText } from '../tolerant.ts'
import type { Report } from './news.ts'

const LONGEST_SUMMARY = 4000
const LONGEST_WORD = 80
// Structured data is as an assistant's owner describes it: small, or it is not what it should be.
const LONGEST_DATA = 32 * 1024
const DEEPEST_DATA = 6

const word = z.union([z.string(), z.number(), z.boolean()]).nullish().catch(undefined)

export const Analysis = z
  .object({
    summary: tolerantText,
    successEvaluation: word,
    structuredData: z.unknown().optional(),
    structuredDataMulti: tolerantList(z.record(z.string(), z.unknown())),
  })
  .nullish()
  .catch(undefined)

/** The newer place of the same: by the id of each output. */
export const StructuredOutputs = z
  .record(z.string(), z.object({ name: z.string(), result: z.unknown().optional() }).nullish().catch(undefined))
  .nullish()
  .catch(undefined)

type Found = Pick<Report, 'summary' | 'intent' | 'sentiment' | 'success' | 'structuredData'>

/** What Vapi made of a call. @param summary where older messages have it */
export function readAnalysis(
  analysis: z.infer<typeof Analysis>,
  outputs: z.infer<typeof StructuredOutputs>,
  summary: string | null | undefined,
): Found {
  const named = Object.values(outputs ?? {}).flatMap((output) => (output ? [[output.name, output.result] as const] : []))
  const ofOutputs = named.length === 0 ? null : Object.fromEntries(named)
  const given = analysis?.structuredData
  const several = analysis?.structuredDataMulti ?? []
  const data = isRecord(given) ? given : given === undefined || given === null ? null : { value: given }
  const all = [data, ...several, ofOutputs, ...Object.values(ofOutputs ?? {})].filter(isRecord)
  const say = (...names: string[]) => wordNamed(all, names)
  const words = analysis?.summary ?? summary ?? textNamed(all, ['summary', 'callsummary'])
  return {
    summary: words ? emptyToNull(plainLines(words, LONGEST_SUMMARY)) : null,
    intent: say('intent', 'callintent', 'callerintent', 'customerintent', 'userintent')?.toLowerCase() ?? null,
    sentiment: say('sentiment', 'callsentiment', 'callersentiment', 'customersentiment', 'usersentiment')?.toLowerCase() ?? null,
    success: asWord(analysis?.successEvaluation) ?? say('successevaluation', 'success', 'callsuccess', 'callsuccessful'),
    structuredData: kept(data ?? (several.length > 0 ? { values: several } : ofOutputs)),
  }
}

/** Of the first that has one under such a name, however that is spelled. */
function wordNamed(all: Record<string, unknown>[], names: string[]): string | null {
  for (const data of all)
    for (const [name, value] of Object.entries(data)) {
      const found = names.includes(bare(name)) ? asWord(value) : null
      if (found !== null) return found
    }
  return null
}

function textNamed(all: Record<string, unknown>[], names: string[]): string | null {
  const found = all.flatMap((data) => Object.entries(data)).find(([name, value]) => names.includes(bare(name)) && typeof value === 'string')
  return typeof found?.[1] === 'string' ? found[1] : null
}

function bare(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z]/g, '')
}

function asWord(value: unknown): string | null {
  return ['string', 'number', 'boolean'].includes(typeof value) ? emptyToNull(oneLine(String(value), LONGEST_WORD)) : null
}

/** As it can be stored; `null`: it is too much. */
function kept(data: Record<string, unknown> | null): Record<string, unknown> | null {
  const plain = plainValue(data, 0)
  return isRecord(plain) && JSON.stringify(plain).length <= LONGEST_DATA ? plain : null
}

function plainValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return plainLines(value, LONGEST_DATA)
  if (typeof value !== 'object' || value === null) return value
  if (depth === DEEPEST_DATA) return null
  if (Array.isArray(value)) return value.map((one) => plainValue(one, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [oneLine(name, LONGEST_WORD), plainValue(one, depth + 1)]))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function emptyToNull(text: string): string | null {
  return text === '' ? null : text
}
