import t from 'tap'
import { booking } from './contract/booking.ts'
import { busy } from './contract/busy.ts'
import { changing } from './contract/changing.ts'
import { connecting } from './contract/connecting.ts'
import { entries } from './contract/entries.ts'
import { failing } from './contract/failing.ts'
import type { Vendor } from './setup.ts'

/** What every calendar vendor must do for us, through its real SDK: passing this is what makes adding one safe. */
export function contract(vendor: Vendor): void {
  t.test(`${vendor.name}: connecting`, (t) => connecting(t, vendor))
  t.test(`${vendor.name}: busy times`, (t) => busy(t, vendor))
  // A scheduler lists what was booked with it and nothing else: that has tests of its own.
  if (!vendor.isScheduler) t.test(`${vendor.name}: entries`, (t) => entries(t, vendor))
  t.test(`${vendor.name}: booking`, (t) => booking(t, vendor))
  t.test(`${vendor.name}: moving and cancelling`, (t) => changing(t, vendor))
  t.test(`${vendor.name}: failures`, (t) => failing(t, vendor))
}
