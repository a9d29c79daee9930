/** Whose accounts can be connected: the ids of the database and of the frontend's contract. */
export const VENDORS = ['microsoft', 'google', 'calcom'] as const
export type Vendor = (typeof VENDORS)[number]

/** Below which the routes of each lie. The frontend's contract fixes the first two. */
export const VENDOR_PATHS: Record<Vendor, string> = {
  microsoft: '/calendar/auth',
  google: '/calendar/google/auth',
  calcom: '/calendar/calcom/auth',
}

const labels: Record<Vendor, string> = { microsoft: 'Microsoft Calendar', google: 'Google Calendar', calcom: 'Cal.com' }

/** As people call it. @param provider of a stored row: any text, as the database keeps no list */
export function labelOf(provider: string): string {
  const vendor = VENDORS.find((one) => one === provider)
  return vendor === undefined ? provider : labels[vendor]
}
