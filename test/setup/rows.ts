import pg from 'pg'

/** A row of any table, read as text. */
export interface Row {
  table: string
  row: string
}

// Behind no tenant's lock.
const JOBS = { table: 'jobs.job' }

/** Every row that a user has in any table, as the service may read it, and all that is in the queue. */
export function rowsOf(url: string, clerkUserId: string): Promise<Row[]> {
  return inspect(url, async (client) => {
    await client.query(`select set_config('app.tenant', $1, true)`, [clerkUserId])
    const { rows: tables } = await client.query<{ table: string }>(`
      select c.oid::regclass::text as table from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attname = 'clerk_user_id'
        and has_table_privilege(c.oid, 'select') order by 1`)
    return rowsIn(client, [...tables, JOBS])
  })
}

/** Every row of every table, the queue's among them, whoever it belongs to. The owner of the tables may lift the lock; here it comes back at once. */
export function allRows(ownerUrl: string): Promise<Row[]> {
  return inspect(ownerUrl, async (client) => {
    const { rows: tables } = await client.query<{ table: string }>(
      `select c.oid::regclass::text as table from pg_class c where c.relkind in ('r', 'p', 'm') and c.relnamespace = 'public'::regnamespace`,
    )
    for (const { table } of tables) await client.query(`alter table ${table} no force row level security`)
    return rowsIn(client, [...tables, JOBS])
  })
}

async function rowsIn(client: pg.Client, tables: { table: string }[]): Promise<Row[]> {
  const found: Row[] = []
  for (const { table } of tables) {
    const { rows } = await client.query<{ row: string }>(`select r::text as row from ${table} r order by 1`)
    found.push(...rows.map(({ row }) => ({ table, row })))
  }
  return found
}

/** A transaction that leaves nothing behind. */
async function inspect(url: string, work: (client: pg.Client) => Promise<Row[]>): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('begin')
    return await work(client)
  } finally {
    await client.query('rollback')
    await client.end()
  }
}
