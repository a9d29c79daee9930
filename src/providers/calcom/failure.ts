import { z } from 'zod'
import { AppError, type ErrorCode } from '../../errors.ts'

const ApiBody = z.object({ error: z.object({ code: z.string().catch(''), message: z.string().catch('') }) })
const TokenBody = z.object({ error: z.string() })

/** A no of Cal.com, as one of ours. What it says in words is for telling noes apart; it may name people, and is kept nowhere. */
export class Refused extends AppError {
  readonly httpStatus: number
  readonly words: string
  /** For how long to leave it alone is said. */
  readonly asksToWait: boolean
  constructor(code: ErrorCode, why: string, answer: { status: number; headers: Headers }, words: string) {
    super(code, why)
    this.httpStatus = answer.status
    this.asksToWait = answer.headers.has('retry-after')
    this.words = words
  }
}

// The host's time, notice and window; and the times that have passed.
const TAKEN = /already has (?:a )?booking|not available|unavailable|can't be booked at the .?start|in the past|already reserved/i
const GONE = /has been cancelled|already been cancelled|was not found|not found/i

export async function failureOf(operation: string, answer: Response): Promise<Refused> {
  const { status } = answer
  const { code = '', message = '' } = ApiBody.safeParse(await jsonOf(answer)).data?.error ?? {}
  return new Refused(generalCode(status), `calcom ${operation}: ${status} ${code}`.trim(), answer, message)
}

function generalCode(status: number): ErrorCode {
  if (status === 401) return 'consent_revoked'
  if (status === 403) return 'scope_missing'
  if (status === 429) return 'provider_busy'
  return status >= 400 && status < 500 && status !== 408 ? 'provider_refused' : 'provider_unavailable'
}

/** What a no to a booking, or to its move, means. Cal.com tells most of them apart by words alone. */
export function bookingFailure(error: unknown): unknown {
  if (!(error instanceof Refused) || error.code !== 'provider_refused') return error
  const { httpStatus, words } = error
  const as = (code: ErrorCode) => new AppError(code, error.message)
  if (httpStatus === 404) return as('calendar_missing')
  if (httpStatus === 409 || TAKEN.test(words)) return as('slot_taken')
  if (/lengthInMinutes/.test(words)) return as('length_not_offered')
  return /e-?mail|phone/i.test(words) ? as('contact_needed') : error
}

/** There is no such booking, or none any more. */
export function isMissing(error: unknown): boolean {
  return (
    error instanceof Refused &&
    (error.httpStatus === 404 || error.httpStatus === 410 || (error.httpStatus === 400 && GONE.test(error.words)))
  )
}

/** The token endpoint said no. `dead` is what an invalid grant means here: a bad code, or a consent that has ended. */
export async function tokenFailure(operation: string, answer: Response, dead: 'code_refused' | 'consent_revoked'): Promise<AppError> {
  const reason = TokenBody.safeParse(await jsonOf(answer)).data?.error
  const why = `calcom ${operation}: ${answer.status} ${reason ?? ''}`.trim()
  // Every other refusal, above all `invalid_client`, is the fault of our own settings: no user is to be marked as disconnected for it.
  if (answer.status === 400 && reason === 'invalid_grant') return new AppError(dead, why)
  if (answer.status === 429) return new AppError('provider_busy', why)
  return new AppError(answer.status < 500 && answer.status !== 408 ? 'provider_refused' : 'provider_unavailable', why)
}

/**
 * Whoever asks on although nothing is left of a minute's requests is locked out for a while.
 * @returns seconds to be silent after this answer; `null`: go on
 */
export function restAfter({ headers }: Response): number | null {
  const left = headers.get('x-ratelimit-remaining-default')
  const seconds = Number(headers.get('x-ratelimit-reset-default') ?? LONGEST_SECONDS)
  if (left === null || Number(left) > 0) return null
  return seconds >= 0 ? Math.min(seconds, LONGEST_SECONDS) : LONGEST_SECONDS
}

// Requests are counted by the minute.
const LONGEST_SECONDS = 60

function jsonOf(answer: Response): Promise<unknown> {
  return answer.json().catch(() => undefined)
}
