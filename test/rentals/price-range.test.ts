import t from 'tap'
import { type PriceRange, readPriceRange } from '../../src/rentals/price-range.ts'

const between = (from: number, to: number): PriceRange => ({ from, to })

t.test('a price is read in every way that models write it', async (t) => {
  const written: [string[], PriceRange | undefined][] = [
    [['1000-2000', '$1,000 - $2,000', '1000 – 2000', '2000-1000', '1-2k', '1k to 2k', '1000..2000', 'from 1000 to 2000'], between(1000, 2000)],
    [['between $1000 and $2000 a month', 'over 1000 under 2000', 'min 1000 max 2000', '1000 USD to 2000 USD', '1.000-2.000'], between(1000, 2000)],
    [['$1,500', '1500', 'up to 1500', 'under $1,500', '<= 1500', 'below 1500', '1.5k', 'max 1500', '1500 max', '1500 or less'], { to: 1500 }],
    [['no more than 1500', 'not over 1500', 'at most 1,500 dollars', 'less than 1500 per month', '1500dollars', 'Under 1500, two rooms'], { to: 1500 }],
    [['over 1200', 'at least $1,200', 'more than 1200', '1200+', '1200 and up', '1200 or more', '> 1200', 'from 1200', '1200 minimum'], { from: 1200 }],
    [['around 1000', 'about $1,000', 'roughly 1000'], between(850, 1150)],
    [['0-1200'], between(0, 1200)],
    [['', 'cheap', 'any', 'two thousand', '-', 'k', `1${' '.repeat(200)}`], undefined],
  ] // biome-ignore format: one meaning, one line
  for (const [texts, expected] of written) {
    for (const text of texts) {
      const read = readPriceRange(text)
      t.same(read && Object.fromEntries(Object.entries(read).map(([end, dollars]) => [end, Math.round(dollars)])), expected, text)
    }
  }
})
