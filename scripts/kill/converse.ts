import { setTimeout as delay } from 'node:timers/promises'
import * as z from 'zod'
import type { Chance } from '../rig/chance.ts'
import { deliver, NoAnswer, noAnswer, ServiceFailure } from '../rig/deliver.ts'
import type { Owner } from '../rig/owner.ts'
import { type Heard, type Operation, operations } from './operations.ts'
import type { Conversation, Step } from './plan.ts'
import type { Story } from './story.ts'

/** One answer to a step. */
export interface Hearing {
  heard: Heard
  words: string
}

/** Everything that was answered to one step, in order. */
export interface Asked {
  conversation: Conversation
  step: Step
  hearings: Hearing[]
  /** Deliveries during which the process died. */
  unanswered: number
}

export interface Setting {
  owner: Owner
  /** Of the processes, any of which may be dead. */
  urls: string[]
  dice: Chance
  story: Story
  problems: string[]
  /** The id of the appointment of that mark; `undefined`: there never was one. */
  appointment(mark: string): Promise<string | undefined>
}

// The budget of a tool call; a person at a screen waits no longer.
const ANSWER_MS = 8000
// A service that is killed twice is back by then.
const PATIENCE_MS = 60_000

/** Goes through a conversation, step after step. What gets no answer is sent again, unless it is abandoned. */
export async function converse(setting: Setting, conversation: Conversation): Promise<Asked[]> {
  const all: Asked[] = []
  for (const step of conversation.steps) {
    const asked: Asked = { conversation, step, hearings: [], unanswered: 0 }
    all.push(asked)
    await delay(step.pauseMs)
    const deliveries = [insist(setting, asked, step.isAbandoned)]
    if (step.twinAfterMs !== null) deliveries.push(delay(step.twinAfterMs).then(() => insist(setting, asked, true)))
    await Promise.all(deliveries)
    for (let again = 0; again < step.again && asked.hearings.length > 0; again += 1) await insist(setting, asked, true)
  }
  return all
}

/** @param once do not come back when nobody answers */
export async function insist(setting: Setting, asked: Asked, once = false): Promise<void> {
  const { story, problems, dice, urls } = setting
  let isTold = true
  const who = asked.conversation.mark
  const what = `${asked.step.operation} ${asked.step.time.written} for ${asked.step.time.minutes} min (${asked.step.id})`
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await delay(dice.between(20, 300))) {
    const index = dice.between(0, urls.length - 1)
    if (isTold) story.tell(who, `→ ${what}${urls.length > 1 ? ` to process ${index + 1}` : ''}`)
    try {
      const { ms, ...hearing } = await ask(setting, asked, urls[index] ?? '')
      asked.hearings.push(hearing)
      story.tell(who, `← ${hearing.heard}, after ${Math.round(ms)} ms: ${hearing.words}`)
      if (ms > ANSWER_MS) problems.push(`${who} waited ${Math.round(ms)} ms for an answer to ${what}`)
      return
    } catch (error) {
      if (!(error instanceof NoAnswer)) {
        if (!(error instanceof ServiceFailure)) throw error
        problems.push(error.message)
        story.tell(who, `← ${error.message}`)
        return
      }
      if (error.wasReached) asked.unanswered += 1
      if (isTold) story.tell(who, `✗ ${error.message} It is ${once ? 'not ' : ''}sent again.`)
      // How often nobody is there is no news.
      isTold = error.wasReached
      if (once) return
    }
  }
  problems.push(`${who} never heard an answer to ${what}`)
}

async function ask(setting: Setting, { conversation, step }: Asked, url: string): Promise<Hearing & { ms: number }> {
  const { callId, number, mark } = conversation
  const operation: Operation = operations[step.operation]
  const wish = { time: step.time, mark }
  const startedAt = performance.now()
  if (operation.by === 'owner') {
    const id = await setting.appointment(mark)
    if (id === undefined && operation.method !== 'POST') return { heard: 'failed', words: 'there is nothing to change', ms: 0 }
    const { status, code } = await write(url + operation.path(id ?? ''), setting.owner, step.id, operation.method, operation.body(wish))
    return { heard: operation.hear(status, code), words: `${status} ${code}`, ms: performance.now() - startedAt }
  }
  const { assistantId, secret } = setting.owner
  const call = { assistantId, secret, callId, number, toolCallId: step.id, name: operation.name, arguments: operation.parameters(wish) }
  const { answer, ms } = await deliver(url, call)
  const words = answer.result === undefined ? `error ${answer.error}` : `result ${answer.result}`
  return { heard: operation.hear(words), words, ms }
}

async function write(url: string, { token }: Owner, key: string, method: string, body: object | undefined) {
  const json = body ? { 'content-type': 'application/json' } : {}
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, 'idempotency-key': key, ...json },
    ...(body ? { body: JSON.stringify(body) } : {}),
  }).catch(noAnswer)
  const { code = '' } = Problem.parse(await response.json().catch(noAnswer))
  return { status: response.status, code }
}

const Problem = z.object({ code: z.string().optional() })
