import type { Diary } from '../calendar/access.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { Claimant, Found } from './change.ts'

/** The appointment that this caller has proven to be hers. @throws AppError `not_proven` */
export async function findAppointment(_deps: Deps, _diary: Diary, _claimant: Claimant, _operation: string | null): Promise<Found> {
  throw new AppError('not_proven', 'nobody proves anything yet')
}
