import { AuthError } from '@azure/msal-node'
import { GraphClientError, GraphError } from '@microsoft/microsoft-graph-client'
import { AppError, type ErrorCode } from '../../errors.ts'

/** What went over the line during one use of msal. */
export interface TokenTraffic {
  status: number | null
  failure: AppError | null
}

/**
 * Only the user can repair these, by connecting again. The commonest one, a bare `invalid_grant`, is not msal's
 * InteractionRequiredAuthError.
 */
const DEAD_GRANT = [
  'invalid_grant',
  'interaction_required',
  'consent_required',
  'login_required',
  'no_tokens_found',
  'refresh_token_expired',
]
const DUPLICATE = 'ErrorDuplicateTransactionId'
const NO_MAILBOX = 'MailboxNotEnabledForRESTAPI'

/** @param dead what an invalid grant means here: a bad code, or a consent that has ended */
export function tokenFailure(operation: string, error: unknown, traffic: TokenTraffic, dead: 'code_refused' | 'consent_revoked'): AppError {
  if (error instanceof AppError) return error
  if (traffic.failure) return traffic.failure
  const { status } = traffic
  const reason = error instanceof AuthError ? error.errorCode : 'no usable answer'
  if (status === 429 || (status !== null && status >= 500)) return byStatus(operation, status, reason)
  if (DEAD_GRANT.includes(reason)) return failed(operation, dead, reason)
  // Every other refusal, above all `invalid_client`, is the fault of our own settings: no user is to be marked as disconnected for it.
  return byStatus(operation, status ?? 0, reason)
}

export function graphFailure(operation: string, error: unknown): AppError {
  if (error instanceof AppError) return error
  if (error instanceof GraphClientError && error.customError instanceof AppError) return error.customError
  if (!(error instanceof GraphError)) return failed(operation, 'provider_unavailable', 'no usable answer')
  const { statusCode } = error
  const reason = error.code ?? ''
  if (statusCode === 401) return failed(operation, 'consent_revoked', reason)
  if (statusCode === 403) return failed(operation, 'scope_missing', reason)
  if (reason === NO_MAILBOX) return failed(operation, 'calendar_unusable', reason)
  // Where busy times are read only the calendar itself can be missing.
  if (statusCode === 404 && operation === 'calendarView') return failed(operation, 'calendar_missing', reason)
  return byStatus(operation, statusCode, reason)
}

/** Seen as 400 and as 409. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof GraphError && (error.statusCode === 400 || error.statusCode === 409) && error.code === DUPLICATE
}

/** There is no such event, or its calendar is gone. */
export function isMissing(error: unknown): boolean {
  return error instanceof GraphError && (error.statusCode === 404 || error.statusCode === 410) && error.code !== NO_MAILBOX
}

function byStatus(operation: string, status: number, reason: string): AppError {
  if (status === 429) return failed(operation, 'provider_busy', reason)
  const refused = status >= 400 && status < 500 && status !== 408
  return failed(operation, refused ? 'provider_refused' : 'provider_unavailable', `${status} ${reason}`)
}

function failed(operation: string, code: ErrorCode, why: string): AppError {
  return new AppError(code, `microsoft ${operation}: ${why}`)
}
