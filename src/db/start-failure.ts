import { databaseIsAway } from './client.ts'

/** Why the service cannot start on this database, in one sentence for whoever set it up; `undefined`: it is something else. */
export function whyNoDatabase(error: unknown, url: string): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { hostname, port, pathname, username } = new URL(url)
  const place = `${hostname}${port ? `:${port}` : ''}`
  const code = 'code' in error ? String(error.code) : ''
  switch (code) {
    case '28P01':
    case '28000':
      return `The database at ${place} refuses the role ${username}. The migrations make it: run npm run migrate, then start again.`
    case '3D000':
      return `There is no database ${pathname.slice(1)} at ${place}. Make it, run npm run migrate, then start again.`
    case '42P01':
    case '42703':
      return `The database at ${place} lacks tables or columns. Run npm run migrate, then start again.`
  }
  if (!databaseIsAway(error)) return undefined
  return `The database does not answer at ${place} (${code || error.message}). Start it, or correct DATABASE_URL.`
}
