import { z } from 'zod'
import { AppError, type ErrorCode } from '../../errors.ts'
import { isTooMany } from '../outbound.ts'

/*
 * The library's errors print `code`, `code_verifier` and `refresh_token` when they are inspected, and each of its copies has an error class of
 * its own. So they are read by shape and end here: none is ever kept as a cause.
 */
const VendorError = z.object({ response: z.object({ status: z.number(), data: z.unknown() }) })
const TokenBody = z.object({ error: z.string() })
const ApiBody = z.object({ error: z.object({ errors: z.array(z.object({ reason: z.string() })).min(1) }) })

const RATE_REASONS = ['rateLimitExceeded', 'userRateLimitExceeded', 'quotaExceeded', 'dailyLimitExceeded', 'calendarUsageLimitsExceeded']
const SCOPE_REASONS = ['insufficientPermissions', 'insufficientScopes']

/** A token endpoint said no. `dead` is what an invalid grant means here: a bad code, or a consent that has ended. */
export function tokenFailure(operation: string, error: unknown, dead: 'code_refused' | 'consent_revoked'): AppError {
  const answer = answerOf(error)
  const reason = TokenBody.safeParse(answer?.data).data?.error
  // Every other refusal, above all `invalid_client`, is the fault of our own settings: no user is to be marked as disconnected for it.
  if (answer?.status === 400 && reason === 'invalid_grant') return failed(operation, dead, reason)
  return general(operation, error, reason)
}

export function apiFailure(operation: string, error: unknown): AppError {
  const status = answerOf(error)?.status
  const reason = reasonOf(error)
  if (status === 401) return failed(operation, 'consent_revoked', reason)
  // A list of events is missing only with its calendar.
  if (status === 404 && operation === 'events.list') return failed(operation, 'calendar_missing', reason)
  if (status === 403 && reason !== undefined && RATE_REASONS.includes(reason)) return failed(operation, 'provider_busy', reason)
  if (status === 403 && reason !== undefined && SCOPE_REASONS.includes(reason)) return failed(operation, 'scope_missing', reason)
  return general(operation, error, reason)
}

/** Google has two ways to say it: as everybody does, or as a 403 with one of several reasons. */
export async function isTooFast(answer: Response): Promise<boolean> {
  if (answer.status !== 403) return isTooMany(answer)
  const body: unknown = await answer
    .clone()
    .json()
    .catch(() => null)
  const reason = ApiBody.safeParse(body).data?.error.errors[0]?.reason
  return reason !== undefined && RATE_REASONS.includes(reason)
}

/** Google refuses to revoke what is no longer valid; the wish is fulfilled then. */
export function tokenWasDead(error: unknown): boolean {
  const answer = answerOf(error)
  return answer?.status === 400 && TokenBody.safeParse(answer.data).data?.error === 'invalid_token'
}

/** The event id of this booking exists already, perhaps as a deleted one. */
export function isDuplicate(error: unknown): boolean {
  return answerOf(error)?.status === 409
}

/** There is no such event, or its calendar is gone. */
export function isMissing(error: unknown): boolean {
  const status = answerOf(error)?.status
  return status === 404 || status === 410
}

function general(operation: string, error: unknown, reason: string | undefined): AppError {
  const status = answerOf(error)?.status
  if (status === undefined) return ours(error) ?? failed(operation, 'provider_unavailable', 'no usable answer')
  const why = [status, reason].filter(Boolean).join(' ')
  if (status === 429) return failed(operation, 'provider_busy', why)
  return failed(operation, status >= 400 && status < 500 && status !== 408 ? 'provider_refused' : 'provider_unavailable', why)
}

/** What outbound threw, which the library wraps. */
function ours(error: unknown): AppError | undefined {
  if (error instanceof AppError) return error
  return error instanceof Error && error.cause instanceof AppError ? error.cause : undefined
}

function answerOf(error: unknown): { status: number; data?: unknown } | undefined {
  return VendorError.safeParse(error).data?.response
}

function reasonOf(error: unknown): string | undefined {
  return ApiBody.safeParse(answerOf(error)?.data).data?.error.errors[0]?.reason
}

function failed(operation: string, code: ErrorCode, why = ''): AppError {
  return new AppError(code, `google ${operation}: ${why}`)
}
