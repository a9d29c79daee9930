import { sql } from 'kysely'

/** An instant so long from now by the database's clock, which is the same for all processes: when a lease ends, for instance. */
export function inMs(ms: number) {
  return sql<Date>`now() + ${ms} * interval '1 millisecond'`
}
