import t from 'tap'
import { findRentals } from '../../src/rentals/search.ts'
import { websiteName } from '../../src/rentals/website.ts'

const rental = (propertyAddress: string, price: number, website: string | null = null) => ({ propertyAddress, price, website })
const elm = rental('12 Elm St, Austin, TX', 1850)
const oak = rental('8 Oak Avenue, Dallas, Texas', 1200, 'example-rentals.com')
const park = rental('5 N. Park Blvd #3, New York, NY', 4000, 'The Weekly')
const pena = rental('7 Peña Street, Austin TX 78701', 950, 'other.example')
const all = [elm, oak, park, pena]

t.test('a place is found by words of the address, however both are written', async (t) => {
  for (const [location, expected] of [
    ['Austin', [elm, pena]],
    ['AUSTIN, TEXAS', [elm, pena]],
    ['in the Austin area', [elm, pena]],
    ['an apartment near Elm Street', [elm]],
    ['12 elm st', [elm]],
    ['78701', [pena]],
    ['Pena St', [pena]],
    ['tx', [elm, oak, pena]],
    ['Dallas or New York', [oak, park]],
    ['New York', [park]],
    ['North Park Boulevard', [park]],
    ['Portland, OR', []],
    ['Elm Street, Dallas', []],
    ['Aust', []],
    ['Street', [elm, pena]],
    ['anywhere', all],
    ['', all],
    ['?!', all],
  ] as const)
    t.same(findRentals(all, { location }).matching, expected, location)
})

t.test('both ends of a price count as inside', async (t) => {
  t.same(findRentals(all, { price: { from: 950, to: 1200 } }).matching, [oak, pena])
  t.same(findRentals(all, { price: { to: 949 } }).matching, [])
  t.same(findRentals(all, { price: { from: 4000 } }).matching, [park])
})

t.test('a website is found as callers say it', async (t) => {
  for (const website of ['example-rentals.com', 'Example Rentals', 'example rentals dot com', 'EXAMPLE-RENTALS'])
    t.same(findRentals(all, { website }).matching, [oak], website)
  t.same(findRentals(all, { website: 'the weekly' }).matching, [park])
  t.same(findRentals(all, { website: 'nowhere.example' }).matching, [])
  for (const given of [
    'https://www.Example-Rentals.com/a?b#c',
    'https://dana:secret@example-rentals.com/x',
    'example-rentals.com:8080',
    ' WWW.example-rentals.com ',
  ])
    t.equal(websiteName(given), 'example-rentals.com', given)
  for (const name of ['The Weekly', 'a', 'http://', '__proto__']) t.equal(websiteName(name), name)
})

t.test('when nothing fits, the right place comes before the right price, and the nearest price first', async (t) => {
  t.same(findRentals(all, { location: 'Austin', price: { to: 900 } }), { matching: [], others: [pena, elm, oak, park] })
  t.same(findRentals(all, { location: 'Dallas' }), { matching: [oak], others: [elm, park, pena] }, 'equals stay in their order')
})
