import * as z from 'zod'
import type { Turn } from '../db/call-transcripts.ts'
import { oneLine } from '../one-line.ts'
import { tolerantInstant, tolerantList, tolerantNumber, tolerantText } from '../tolerant.ts'

const LONGEST_TURN = 4000
// Of hours of talk.
const MOST_TURNS = 3000

const ROLES = new Map<string, Turn['role']>([
  ['bot', 'assistant'],
  ['assistant', 'assistant'],
  ['ai', 'assistant'],
  ['user', 'user'],
  ['customer', 'user'],
])

const Item = z.object({
  role: z.string(),
  message: tolerantText,
  /** In the list that is formatted as OpenAI does. */
  content: tolerantText,
  time: tolerantInstant,
  secondsFromStart: tolerantNumber,
  confidence: tolerantNumber,
  metadata: z
    .object({ wordLevelMetadata: tolerantList(z.object({ confidence: z.number() })) })
    .nullish()
    .catch(undefined),
})

/** A list of a call's messages as Vapi keeps it. What assistants are told, and what tools say, is nobody's utterance. */
export const TurnItems = tolerantList(Item)

/** @returns in the order of the list; `null`: nobody said anything in it */
export function turnsOf(items: z.infer<typeof TurnItems>, startedAt: Date | null): Turn[] | null {
  const turns = new Map<string, Turn>()
  for (const { role, message, content, time, secondsFromStart, confidence, metadata } of items) {
    const fromStart =
      startedAt === null || typeof secondsFromStart !== 'number' ? null : new Date(startedAt.getTime() + secondsFromStart * 1000)
    const heard = confidence ?? average(metadata?.wordLevelMetadata ?? [])
    const turn = turnOf(role, message ?? content, time ?? fromStart, heard)
    // Without times the same words may well have been said twice.
    if (turn) turns.set(turn.saidAt === null ? String(turns.size) : JSON.stringify([turn.role, turn.text, turn.saidAt]), turn)
    if (turns.size === MOST_TURNS) break
  }
  return turns.size === 0 ? null : [...turns.values()]
}

export function turnOf(
  role: string | null | undefined,
  words: string | null | undefined,
  saidAt: Date | null,
  confidence?: number | null,
): Turn | null {
  const speaker = ROLES.get((role ?? '').toLowerCase())
  const text = oneLine(words ?? '', LONGEST_TURN)
  if (speaker === undefined || text === '') return null
  const isShare = typeof confidence === 'number' && confidence >= 0 && confidence <= 1
  return { role: speaker, text, saidAt, confidence: isShare ? Math.round(confidence * 1000) / 1000 : null }
}

/** A whole call as one text: "AI: Hello.\nUser: Hi." A line that names nobody goes on with the one before. */
export function turnsOfText(transcript: string | null | undefined): Turn[] | null {
  const lines: { role: string; words: string }[] = []
  for (const line of (transcript ?? '').split('\n')) {
    const [, role, words] = /^\s{0,9}(AI|Assistant|Bot|User|Customer)\s?:(.*)$/i.exec(line) ?? []
    const last = lines.at(-1)
    if (role !== undefined && words !== undefined) lines.push({ role, words })
    else if (last) last.words += ` ${line}`
    if (lines.length === MOST_TURNS) break
  }
  const turns = lines.map(({ role, words }) => turnOf(role, words, null)).filter((turn) => turn !== null)
  return turns.length === 0 ? null : turns
}

function average(words: { confidence: number }[]): number | null {
  return words.length === 0 ? null : words.reduce((sum, { confidence }) => sum + confidence, 0) / words.length
}
