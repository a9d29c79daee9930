import type { ErrorCode } from '../errors.ts'
import type { Refusal } from './slots.ts'

/** Why a booking or a change came to nothing because of its time, where that was found out on the way to the vendor. */
export function refusalOf(failure: string | null): Extract<Refusal, 'taken' | 'not_offered'> | undefined {
  if (failure === 'slot_taken') return 'taken'
  return failure === 'slot_not_offered' ? 'not_offered' : undefined
}

/** What a refused time is to the user of the API. */
export function codeOf(why: Refusal): ErrorCode {
  if (why === 'taken') return 'slot_taken'
  if (why === 'not_offered') return 'slot_not_offered'
  return why === 'past' ? 'time_past' : 'bad_time'
}
