import { confirmationCode } from '../../src/bookings/code.ts'
import { diaryOf } from '../../src/calendar/access.ts'
import { cancelBooking } from '../../src/changes/cancel.ts'
import type { ChangeOutcome, Claimant } from '../../src/changes/change.ts'
import { moveBooking } from '../../src/changes/move.ts'
import { findAppointment } from '../../src/changes/proof.ts'
import { undoLastChange } from '../../src/changes/undo.ts'
import { deadline } from '../../src/deadline.ts'
import type { Deps } from '../../src/deps.ts'
import type { Calendar } from '../../src/providers/provider.ts'
import type { ConnectedOwner, TestApp } from './app.ts'
import { watch } from './bookings.ts'

/** A caller's number that is nobody else's. */
export const ANA = '+13125550142'

/** Tuesday the first of December 2026 in Chicago, at this hour. */
export function at(hour: number, minutes = 0): Date {
  return new Date(Date.UTC(2026, 11, 1, hour + 6, minutes))
}

/** Local wall clock of such a moment, as a model sends it. */
function wall(moment: Date): string {
  return new Date(moment.getTime() - 6 * 3_600_000).toISOString().slice(0, 16)
}

/**
 * The same service, in which what the vendor is asked stands still once: `before` it is sent, or `after` the vendor has done it.
 * @returns `reached` when it stands still; `go` lets it go on
 */
export function standingStill({ deps }: Pick<TestApp, 'deps'>, vendor: string, method: 'create' | 'update', when: 'before' | 'after') {
  const [reached, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const provider = deps.providers.get(vendor)
  if (!provider) throw new Error(`no ${vendor}`)
  const wait = () => {
    reached.resolve()
    return opened.promise
  }
  const calendar = (...account: Parameters<typeof provider.calendar>): Calendar => {
    const real = provider.calendar(...account)
    const around = async <T>(ask: () => Promise<T>): Promise<T> => {
      if (when === 'before') await wait()
      const answer = await ask()
      if (when === 'after') await wait()
      return answer
    }
    return method === 'create'
      ? { ...real, create: (event) => around(() => real.create(event)) }
      : { ...real, update: (id, event) => around(() => real.update(id, event)) }
  }
  const still: Deps = { ...deps, providers: new Map([[vendor, { ...provider, calendar }]]) }
  return { deps: still, reached: reached.promise, go: () => opened.resolve() }
}

let operations = 0

/** An owner, one caller of hers in one call, and what that caller can do. */
export async function caller(
  test: TestApp,
  vendor: ConnectedOwner['vendor'],
  { owner: known, ...claim }: Partial<Claimant> & { owner?: ConnectedOwner } = {},
) {
  const owner = known ?? (await test.owner({ vendor, noticeMinutes: 60 }))
  const who: Claimant = {
    by: 'caller',
    vapiCallId: `call-${crypto.randomUUID()}`,
    callerNumber: ANA,
    isBelieved: true,
    code: null,
    at: null,
    ...claim,
  }
  const ask = async <T>(
    work: (diary: Awaited<ReturnType<typeof diaryOf>>, signal: AbortSignal) => Promise<T>,
  ): Promise<T | { refused: string }> =>
    work(await diaryOf(test.deps, owner.clerkUserId), deadline(test.deps)).catch((error: { code?: string }) => {
      if (typeof error.code !== 'string') throw error
      return { refused: error.code }
    })
  const operation = () => `operation-${++operations}`
  const seen = watch(test, owner)
  return {
    ...seen,
    owner,
    who,
    book: (startsAt: Date, number: string | null = who.callerNumber, more: { toolCallId?: string; attendee_email?: string } = {}) => {
      const { toolCallId, ...said } = more
      const ids = { ...(who.vapiCallId ? { callId: who.vapiCallId } : {}), ...(number ? { number } : {}) }
      return owner.call(
        'book_appointment',
        { start_time: wall(startsAt), name: 'Ana', second: true, ...said },
        { ...ids, ...(toolCallId ? { toolCallId } : {}) },
      )
    },
    move: (
      startsAt: Date,
      options: Partial<Claimant> & { operation?: string; deps?: Deps } = {},
    ): Promise<ChangeOutcome | { refused: string }> => {
      const { operation: known = operation(), deps = test.deps, ...claim } = options
      const request = { who: { ...who, ...claim }, startsAt, endsAt: null, operation: known }
      return ask((diary, signal) => moveBooking(deps, diary, request, signal))
    },
    cancel: (options: Partial<Claimant> & { operation?: string; deps?: Deps } = {}): Promise<ChangeOutcome | { refused: string }> => {
      const { operation: known = operation(), deps = test.deps, ...claim } = options
      return ask((diary, signal) => cancelBooking(deps, diary, { who: { ...who, ...claim }, operation: known }, signal))
    },
    undo: (known = operation()): Promise<ChangeOutcome | { refused: string }> =>
      ask((diary, signal) => undoLastChange(test.deps, diary, { who, operation: known }, signal)),
    find: (claim: Partial<Claimant> = {}, known = operation()) =>
      ask((diary) => findAppointment(test.deps, diary, { ...who, ...claim }, known)),
    code: async () => {
      const [row] = await seen.rows()
      return confirmationCode(test.deps, { clerkUserId: owner.clerkUserId, appointmentId: row?.appointmentId ?? '' })
    },
  }
}
