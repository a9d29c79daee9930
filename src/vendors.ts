/** Whose accounts can be connected: the ids of the database and of the frontend's contract. */
export const VENDORS = ['microsoft', 'google', 'calcom'] as const
export type Vendor = (typeof VENDORS)[number]

interface Fixed {
  /** As people call it. */
  label: string
  /** Below which its routes lie. */
  path: string
  /** Where it sends the browser back; registered there. */
  callback: string
  /** The page of the frontend that waits for the end of a sign-in. */
  landing: '/users' | '/dashboard'
}

/** What is fixed about each: for the first two by the frontend's contract, for the last by a requirement document. */
export const vendors: Record<Vendor, Fixed> = {
  microsoft: { label: 'Microsoft Calendar', path: '/calendar/auth', callback: '/calendar/auth/callback', landing: '/users' },
  google: { label: 'Google Calendar', path: '/calendar/google/auth', callback: '/calendar/google/auth/callback', landing: '/users' },
  calcom: { label: 'Cal.com', path: '/calendar/calcom/auth', callback: '/api/calcom/oauth', landing: '/dashboard' },
}

/** As people call it. @param provider of a stored row: any text, as the database keeps no list */
export function labelOf(provider: string): string {
  const vendor = VENDORS.find((one) => one === provider)
  return vendor === undefined ? provider : vendors[vendor].label
}
