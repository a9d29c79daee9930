import { randomUUID } from 'node:crypto'
import { Refusal } from '../refusal.ts'

const codes: Record<number, string> = {
  400: 'ErrorInvalidRequest',
  401: 'InvalidAuthenticationToken',
  403: 'ErrorAccessDenied',
  404: 'ErrorItemNotFound',
  409: 'ErrorDuplicateTransactionId',
  410: 'SyncStateNotFound',
  412: 'ErrorIrresolvableConflict',
  429: 'ApplicationThrottled',
  500: 'InternalServerError',
  503: 'ServiceUnavailable',
}

/** Graph's error body. */
export function graphError(status: number, code = codes[status] ?? 'UnknownError', message = code) {
  const id = randomUUID()
  return {
    error: { code, message, innerError: { date: new Date().toISOString().slice(0, 19), 'request-id': id, 'client-request-id': id } },
  }
}

export function refuse(status: number, code?: string, message?: string): Refusal {
  return new Refusal(status, graphError(status, code, message))
}

/** The number that Entra puts before its sentence; clients may log it, not decide by it. */
const numbers: [RegExp, number][] = [
  [/code_verifier/, 501481],
  [/already consumed|already used/, 54005],
  [/redirect_uri/, 50011],
  [/grant not found|revoked/, 50173],
  [/refresh token|authorization code/, 70008],
  [/secret|client authentication/i, 7000215],
]

/** A refusal of the token endpoint in Entra's words. `detail`: the library's. */
export function entraError(error: string, detail = '') {
  const number = numbers.find(([pattern]) => pattern.test(detail))?.[1] ?? (error === 'invalid_client' ? 7000215 : 900144)
  const [trace, correlation, at] = [randomUUID(), randomUUID(), new Date().toISOString().replace('T', ' ').replace(/\.\d+/, '')]
  return {
    error,
    error_description: `AADSTS${number}: ${detail || error}. Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${at}`,
    error_codes: [number],
    timestamp: at,
    trace_id: trace,
    correlation_id: correlation,
  }
}
