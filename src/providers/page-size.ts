import { AnswerTooLong } from './outbound.ts'

const PAGE_SIZE = 100
// Of these even the longest notes stay below what is read of one answer.
const SMALL_PAGE = 20

/**
 * Lists in large pages, which mostly is one; where people wrote too much for that, in small ones, from the beginning: a vendor's page marks may
 * fit only one size.
 */
export async function inFittingPages<T>(list: (pageSize: number) => Promise<T>): Promise<T> {
  try {
    return await list(PAGE_SIZE)
  } catch (error) {
    if (!(error instanceof AnswerTooLong)) throw error
  }
  return list(SMALL_PAGE)
}
