import type { Turn } from '../db/call-transcripts.ts'
import { CALL_STATUSES, type CallRecord, type CallStatus } from '../db/calls.ts'
import { type News, type Parties, type Report, reportedParts, SETTLED_TURNS } from './news.ts'

/** A call and its turns in the order in which they were said. */
export interface Heard {
  call: CallRecord
  turns: Turn[]
}

/**
 * A call with what one more message tells of it. Messages may come in any order and any number of times: what comes of all of them together
 * is the same. So times become the earliest, the status the furthest, and what the report tells is changed by no other message.
 */
export function withNews({ call, turns }: Heard, news: News, heardAt: Date): Heard {
  const at = news.madeAt ?? heardAt
  const isSettled = (part: string) => call.settled.includes(part)
  const told: CallRecord = {
    ...call,
    ...together(call, news.parties),
    status: furthest(call.status, news.status),
    startedAt: isSettled('startedAt') ? call.startedAt : earliest(call.startedAt, news.startedAt),
    endedAt: isSettled('endedAt') ? call.endedAt : earliest(call.endedAt, news.endedAt),
    endedReason: isSettled('endedReason') ? call.endedReason : either(call.endedReason, news.endedReason),
    hungAt: news.isHang ? withTime(call.hungAt, at) : call.hungAt,
    lastHeardAt: latest(call.lastHeardAt, heardAt),
  }
  const heard = { call: told, turns: news.turn === null || isSettled(SETTLED_TURNS) ? turns : withTurn(turns, news.turn) }
  return news.report ? withReport(heard, news.report, at, heardAt) : heard
}

/** Of two reports the later one counts, and the earlier one where the later is silent. */
function withReport({ call, turns }: Heard, report: Report, madeAt: Date, heardAt: Date): Heard {
  const isLater = call.reportMadeAt === null || madeAt > call.reportMadeAt
  const tells = (part: string, value: unknown) => value !== null && (isLater || !call.settled.includes(part))
  const told = reportedParts.filter((part) => tells(part, report[part]))
  const hasTurns = tells(SETTLED_TURNS, report.turns)
  return {
    call: {
      ...call,
      ...Object.fromEntries(told.map((part) => [part, report[part]])),
      status: 'ended',
      hasRecording: call.hasRecording || report.hasRecording,
      settled: [...new Set([...call.settled, ...told, ...(hasTurns ? [SETTLED_TURNS] : [])])].sort(),
      reportMadeAt: latest(call.reportMadeAt, madeAt),
      reportedAt: call.reportedAt ?? heardAt,
    },
    turns: hasTurns ? (report.turns ?? turns) : turns,
  }
}

/** Late ones are put where they belong; one that was heard before is there already. */
function withTurn(turns: Turn[], turn: Turn): Turn[] {
  const isThere = turns.some((one) => one.role === turn.role && one.text === turn.text && one.saidAt?.getTime() === turn.saidAt?.getTime())
  return isThere ? turns : [...turns, turn].sort(inOrder)
}

/** Those of which nobody told the time come last. */
function inOrder(a: Turn, b: Turn): number {
  const times = (a.saidAt?.getTime() ?? Number.MAX_SAFE_INTEGER) - (b.saidAt?.getTime() ?? Number.MAX_SAFE_INTEGER)
  return times || compare(a.role, b.role) || compare(a.text, b.text)
}

/** Messages of one call agree about these. Should they not, which one counts must not depend on which came first. */
function together(call: Parties, news: Parties): Parties {
  return {
    assistantId: either(call.assistantId, news.assistantId),
    direction: either(call.direction, news.direction),
    customerNumber: either(call.customerNumber, news.customerNumber),
    customerName: either(call.customerName, news.customerName),
    dialledNumber: either(call.dialledNumber, news.dialledNumber),
  }
}

function either<T extends string>(one: T | null, other: T | null): T | null {
  if (one === null || other === null) return one ?? other
  return compare(one, other) >= 0 ? one : other
}

function furthest(one: CallStatus, other: CallStatus | null): CallStatus {
  return other !== null && CALL_STATUSES.indexOf(other) > CALL_STATUSES.indexOf(one) ? other : one
}

function earliest(one: Date | null, other: Date | null): Date | null {
  if (one === null || other === null) return one ?? other
  return other < one ? other : one
}

function latest(one: Date | null, other: Date): Date {
  return one === null || other > one ? other : one
}

function withTime(times: Date[], at: Date): Date[] {
  return times.some((one) => one.getTime() === at.getTime()) ? times : [...times, at].sort((a, b) => a.getTime() - b.getTime())
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
