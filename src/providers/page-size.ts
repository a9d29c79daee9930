import { AnswerTooLong } from './outbound.ts'

// Mostly one page is enough. Where people wrote much, smaller ones stay below what is read of one answer.
const PAGE_SIZES = [100, 25]
const SMALLEST_PAGE = 5

/** Lists in pages as large as can be read; from the beginning again where they were too large, since a vendor's page marks may fit only one size. */
export async function inFittingPages<T>(list: (pageSize: number) => Promise<T>): Promise<T> {
  for (const size of PAGE_SIZES) {
    try {
      return await list(size)
    } catch (error) {
      if (!(error instanceof AnswerTooLong)) throw error
    }
  }
  return list(SMALLEST_PAGE)
}
