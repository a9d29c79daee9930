import pg from 'pg'

/** Every row that a user has in any table, read as text, as the service may read it. */
export async function rowsOf(url: string, clerkUserId: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('begin')
    await client.query(`select set_config('app.tenant', $1, true)`, [clerkUserId])
    const { rows: tables } = await client.query<{ name: string }>(`
      select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attname = 'clerk_user_id'
        and has_table_privilege(c.oid, 'select') order by 1`)
    const found: string[] = []
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(`select r::text as row from ${client.escapeIdentifier(name)} r order by 1`)
      found.push(...rows.map(({ row }) => `${name} ${row}`))
    }
    return found
  } finally {
    await client.end()
  }
}
