import type { Vendor } from './client.ts'

/** Where the host sees a booking in a browser. */
export function linkOf({ settings }: Vendor, uid: string): string {
  return new URL(`/booking/${uid}`, settings.appUrl).href
}
