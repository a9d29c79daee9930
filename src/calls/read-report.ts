import * as z from 'zod'
import type { CostPart } from '../db/calls.ts'
import { oneLine } from '../one-line.ts'
import { tolerantInstant, tolerantList, tolerantNumber, tolerantText } from '../tolerant.ts'
import type { Report } from './news.ts'
import { Analysis, readAnalysis, StructuredOutputs } from './read-analysis.ts'
import { TurnItems, turnsOf, turnsOfText } from './read-turns.ts'

const LONGEST_WORD = 80
const LONGEST_REASON = 200
const MOST_PARTS = 50
// The column's, in US dollars.
const DEAREST = 999_999

const Part = z.object({ type: z.string(), provider: tolerantText, minutes: tolerantNumber, cost: tolerantNumber })
const Artifact = z
  .object({
    messages: TurnItems,
    messagesOpenAIFormatted: TurnItems,
    transcript: tolerantText,
    structuredOutputs: StructuredOutputs,
    recording: z.looseObject({}).nullish().catch(undefined),
    recordingUrl: tolerantText,
    stereoRecordingUrl: tolerantText,
    presignedMonoUrl: tolerantText,
    presignedStereoUrl: tolerantText,
  })
  .nullish()
  .catch(undefined)

// Of these fields a report, the call in it and the call of the REST API each have some; the later ones in each line are the older places.
const Source = z.object({
  endedReason: tolerantText,
  startedAt: tolerantInstant,
  endedAt: tolerantInstant,
  durationMs: tolerantNumber,
  durationSeconds: tolerantNumber,
  durationMinutes: tolerantNumber,
  cost: tolerantNumber,
  costs: tolerantList(Part),
  costBreakdown: z.record(z.string(), z.unknown()).nullish().catch(undefined),
  analysis: Analysis,
  summary: tolerantText,
  artifact: Artifact,
  messages: TurnItems,
  messagesOpenAIFormatted: TurnItems,
  transcript: tolerantText,
  recordingUrl: tolerantText,
  stereoRecordingUrl: tolerantText,
})
type Source = z.infer<typeof Source>

/**
 * What is known of a call that is over. Only the fields named here leave: the others carry secrets and addresses that open recordings.
 * @param sources the report and the call in it, or the call of the REST API; what the first says counts
 */
export function readReport(...sources: unknown[]): Report {
  const read = sources.flatMap((source) => Source.safeParse(source).data ?? [])
  const first = <T>(pick: (source: Source) => T | null | undefined): T | null => {
    for (const source of read) {
      const value = pick(source)
      if (value !== null && value !== undefined) return value
    }
    return null
  }
  const startedAt = first((source) => source.startedAt)
  const seconds = first(durationOf)
  const lasted = startedAt === null || seconds === null ? null : new Date(startedAt.getTime() + Math.round(seconds * 1000))
  const reason = oneLine(first((source) => source.endedReason) ?? '', LONGEST_REASON)
  return {
    startedAt,
    endedAt: first((source) => source.endedAt) ?? lasted,
    endedReason: reason === '' ? null : reason,
    ...readAnalysis(
      first(({ analysis }) => (saysSomething(analysis) ? analysis : null)),
      first((source) => source.artifact?.structuredOutputs),
      first((source) => source.summary),
    ),
    cost: costOf(first((source) => source.cost) ?? first(({ costBreakdown }) => numberIn(costBreakdown, 'total'))),
    costs: first(({ costs }) => partsOf(costs)) ?? first(({ costBreakdown }) => partsOfBreakdown(costBreakdown)),
    hasRecording: read.some(isRecorded),
    turns:
      first(({ artifact }) => artifact && turnsOf(artifact.messages, startedAt)) ??
      first(({ messages }) => turnsOf(messages, startedAt)) ??
      first(({ artifact }) => artifact && turnsOf(artifact.messagesOpenAIFormatted, startedAt)) ??
      first(({ messagesOpenAIFormatted }) => turnsOf(messagesOpenAIFormatted, startedAt)) ??
      first(({ artifact, transcript }) => turnsOfText(artifact?.transcript ?? transcript)),
  }
}

function saysSomething(analysis: Source['analysis']): boolean {
  const { summary, successEvaluation, structuredData, structuredDataMulti = [] } = analysis ?? {}
  return (
    [summary, successEvaluation, structuredData].some((value) => value !== null && value !== undefined) || structuredDataMulti.length > 0
  )
}

function durationOf({ durationMs, durationSeconds, durationMinutes }: Source): number | null {
  if (typeof durationSeconds === 'number') return durationSeconds
  if (typeof durationMs === 'number') return durationMs / 1000
  return typeof durationMinutes === 'number' ? durationMinutes * 60 : null
}

function isRecorded({ artifact, recordingUrl, stereoRecordingUrl }: Source): boolean {
  const mono = artifact?.recordingUrl ?? artifact?.presignedMonoUrl ?? recordingUrl
  const stereo = artifact?.stereoRecordingUrl ?? artifact?.presignedStereoUrl ?? stereoRecordingUrl
  return typeof (mono ?? stereo) === 'string' || Object.keys(artifact?.recording ?? {}).length > 0
}

function costOf(cost: number | null): number | null {
  return cost !== null && Math.abs(cost) < DEAREST ? cost : null
}

function partsOf(parts: z.infer<typeof Part>[]): CostPart[] | null {
  if (parts.length === 0) return null
  return parts.slice(0, MOST_PARTS).map(({ type, provider, minutes = null, cost = null }) => ({
    type: oneLine(type, LONGEST_WORD),
    provider: provider ? oneLine(provider, LONGEST_WORD) : null,
    minutes,
    cost,
  }))
}

// Older reports sum up by what was paid for.
const BROKEN_DOWN = { transport: 'transport', stt: 'transcriber', llm: 'model', tts: 'voice', vapi: 'vapi' }

function partsOfBreakdown(breakdown: Source['costBreakdown']): CostPart[] | null {
  const parts = Object.entries(BROKEN_DOWN).flatMap(([name, type]) => {
    const cost = numberIn(breakdown, name)
    return cost === null ? [] : [{ type, provider: null, minutes: null, cost }]
  })
  return parts.length === 0 ? null : parts
}

function numberIn(values: Source['costBreakdown'], name: string): number | null {
  const value = values?.[name]
  return typeof value === 'number' ? value : null
}
