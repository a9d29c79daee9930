import { Refusal } from '../refusal.ts'

const statusNames: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ALREADY_EXISTS',
  412: 'FAILED_PRECONDITION',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
}

const reasons: Record<number, string> = {
  400: 'badRequest',
  401: 'authError',
  403: 'forbidden',
  404: 'notFound',
  409: 'duplicate',
  410: 'deleted',
  412: 'conditionNotMet',
  429: 'rateLimitExceeded',
  500: 'backendError',
  503: 'backendError',
}

/** Calendar's error body, for a fault that gives a status alone as well: `googleError(403, 'rateLimitExceeded')`. */
export function googleError(code: number, reason = reasons[code] ?? 'backendError', message = reason) {
  const domain = /limit|quota/i.test(reason) ? 'usageLimits' : 'global'
  const status = statusNames[code]
  return { error: { code, message, errors: [{ domain, reason, message }], ...(status ? { status } : {}) } }
}

export function refuse(code: number, reason?: string, message?: string): Refusal {
  return new Refusal(code, googleError(code, reason, message))
}
