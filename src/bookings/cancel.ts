import type { Diary } from '../calendar/access.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { CancelRequest, ChangeOutcome } from './change.ts'

export async function cancelBooking(_deps: Deps, _diary: Diary, _request: CancelRequest, _signal: AbortSignal): Promise<ChangeOutcome> {
  throw new AppError('not_proven', 'nobody proves anything yet')
}
