import pg from 'pg'
import t, { type Test } from 'tap'
import * as z from 'zod'
import { inTenant } from '../../src/db/client.ts'
import { unfitRole } from '../../src/db/roles.ts'
import { JOBS } from '../../src/jobs/jobs.ts'
import { testDatabase } from '../setup/database.ts'

/** A connection of its own, as the service or as the owner of the schema. */
async function connected(t: Test, url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  t.teardown(() => client.end())
  return client
}

/** Runs `statement` as this tenant. @returns how many rows it touched */
async function as(client: pg.Client, tenant: string | null, statement: string, values: unknown[] = []): Promise<number> {
  await client.query('begin')
  try {
    if (tenant !== null) await client.query(`select set_config('app.tenant', $1, true)`, [tenant])
    return (await client.query(statement, values)).rowCount ?? 0
  } finally {
    await client.query('rollback')
  }
}

/** Every table with a tenant on it, from the catalog: a new one cannot be forgotten. `directory` is read by functions alone. */
async function tenantTables(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(`
    select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attname = 'clerk_user_id' order by 1`)
  return rows.map(({ name }) => name).filter((name) => name !== 'directory')
}

/** One row of two tenants in every tenant table. */
async function filled(t: Test) {
  const database = await testDatabase(t)
  const service = await connected(t, database.url)
  const tables = await tenantTables(service)
  for (const tenant of ['user_a', 'user_b']) {
    await inTenant(database.db, tenant, async (trx) => {
      const owner = { clerkUserId: tenant }
      await trx.insertInto('users').values(owner).execute()
      await trx
        .insertInto('businesses')
        .values({ ...owner, name: 'Desk' })
        .execute()
      const { agentId } = await trx
        .insertInto('vapiAgents')
        .values({ ...owner, agentName: 'Desk' })
        .returning('agentId')
        .executeTakeFirstOrThrow()
      const described = { ...owner, agentId, name: 'x', displayName: 'x', description: 'x' }
      await trx
        .insertInto('agentVariables')
        .values({ ...described, variableId: 'var_1', type: 'string', required: false })
        .execute()
      await trx
        .insertInto('agentFunctions')
        .values({ ...described, functionId: 'func_1', enabled: true })
        .execute()
      await trx
        .insertInto('agentDeployments')
        .values({ ...owner, agentId, sealedSecret: 'v1.k0.x' })
        .execute()
      await trx
        .insertInto('agentVersions')
        .values({ ...owner, agentId, number: 1, agentName: 'Desk', savedBy: 'owner' })
        .execute()
      await trx
        .insertInto('vapiKeys')
        .values({ ...owner, sealedKey: 'v1.k0.x', lastFour: '5b10' })
        .execute()
      await trx
        .insertInto('madeAssistants')
        .values({ ...owner, leasedUntil: new Date(0) })
        .execute()
      const flow = {
        ...owner,
        provider: 'google',
        stateHash: `hash-${tenant}`,
        codeVerifier: 'sealed',
        returnOrigin: 'http://localhost:3000',
      }
      await trx.insertInto('oauthFlows').values(flow).execute()
      const calendar = { calendarEmail: 'x@example.com', calendarId: 'x', calendarName: 'x', calendarLink: 'https://example.com' }
      const tokens = { accessToken: 'v1.k1.x', refreshToken: 'v1.k0.x', expiresAt: new Date(), scopes: [], role: 'destination' }
      const { id: connectionId } = await trx
        .insertInto('oauthTokens')
        .values({ ...owner, ...calendar, ...tokens, provider: 'google', accountId: '1' })
        .returning('id')
        .executeTakeFirstOrThrow()
      await trx
        .insertInto('syncChannels')
        .values({ ...owner, connectionId, secret: 'v1.k0.x' })
        .execute()
      // Its event stands in event_log; the head of those, in event_heads, came with the user.
      const [startsAt, endsAt] = [new Date('2026-12-01T15:00:00Z'), new Date('2026-12-01T15:30:00Z')]
      const time = { startsAt, endsAt, during: '[2026-12-01 15:00Z,2026-12-01 15:30Z)', timeZone: 'UTC', leasedUntil: new Date(0) }
      const booking = { appointmentId: crypto.randomUUID(), operationKey: 'k', status: 'held', subject: 'Viewing' }
      const { id: bookingId } = await trx
        .insertInto('bookings')
        .values({ ...owner, ...time, ...booking })
        .returning('id')
        .executeTakeFirstOrThrow()
      const { appointmentId } = booking
      const change = { kind: 'cancel', wish: 'x', madeBy: 'owner', oldStartsAt: startsAt, oldEndsAt: endsAt, leasedUntil: new Date(0) }
      await trx
        .insertInto('changes')
        .values({ ...owner, ...change, bookingId, appointmentId, operationKey: 'k' })
        .execute()
      await trx
        .insertInto('wrongCodes')
        .values({ ...owner, appointmentIds: [appointmentId], operationKey: 'k' })
        .execute()
      await trx
        .insertInto('callOffers')
        .values({ ...owner, startsAt, endsAt, vapiCallId: 'call', slot: 'A', answer: 1, offeredAt: startsAt })
        .execute()
      // Makes the row of vendor_requests.
      const steps = JSON.stringify([{ kind: 'vendor', vendor: 'google', operation: 'x', status: '200', at: 1, ms: 1 }])
      await trx
        .insertInto('toolCalls')
        .values({ ...owner, function: 'x', argumentsDigest: 'x', answer: 'x', outcome: 'result', isFinal: true, ms: 1, steps })
        .execute()
      const { id: callId } = await trx
        .insertInto('calls')
        .values({ ...owner, vapiCallId: 'call', status: 'ended' })
        .returning('id')
        .executeTakeFirstOrThrow()
      await trx
        .insertInto('callTranscripts')
        .values({ ...owner, callId, sequence: 0, role: 'user', text: 'x' })
        .execute()
      await trx
        .insertInto('callerMessages')
        .values({ ...owner, words: 'Please call' })
        .execute()
      await trx
        .insertInto('clerkEvents')
        .values({ ...owner, eventId: 'msg_1' })
        .execute()
      const { id: noticeId } = await trx
        .insertInto('notices')
        .values({ ...owner, kind: 'booking_created', text: 'x', onceKey: 'x' })
        .returning('id')
        .executeTakeFirstOrThrow()
      await trx
        .insertInto('noticeDeliveries')
        .values({ ...owner, noticeId, channel: 'webhook', recipient: 'owner' })
        .execute()
      await trx
        .insertInto('noticeSettings')
        .values({ ...owner, webhookSecret: 'v1.k1.x', webhookOldSecret: 'v1.k0.x', webhookOldUntil: new Date() })
        .execute()
      await trx.insertInto('deletedUsers').values(owner).execute()
      const rental = { propertyAddress: '12 Elm St', price: 1850, bedrooms: 2, bathrooms: 1.5, contactInfo: `call ${tenant}` }
      await trx
        .insertInto('rentals')
        .values({ ...owner, ...rental, website: 'Example-Rentals.com' })
        .execute()
      await trx
        .insertInto('rentalSources')
        .values({ ...owner, website: 'example-rentals.com', url: 'https://example-rentals.com' })
        .execute()
    })
  }
  return { database, service, tables }
}

t.test('every table with a tenant on it is locked, for its owner too', async (t) => {
  const { database, service, tables } = await filled(t)
  t.ok(tables.length >= 6 && tables.includes('bookings'), tables.join(' '))
  const { rows } = await service.query(
    `
    select c.relname as name, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
      array_agg(p.policyname || ': ' || coalesce(p.qual, '') || ' / ' || coalesce(p.with_check, '')) filter (where p.roles = '{public}') as policies
    from pg_class c left join pg_policies p on p.tablename = c.relname and p.schemaname = 'public'
    where c.relname = any ($1) group by 1, 2, 3`,
    [[...tables, 'directory']],
  )
  t.equal(rows.length, tables.length + 1)
  const rule = `(clerk_user_id = NULLIF(current_setting('app.tenant'::text, true), ''::text))`
  for (const { name, enabled, forced, policies } of rows) {
    t.ok(enabled && forced, name)
    t.same(policies, name === 'directory' ? null : [`tenant: ${rule} / ${rule}`], name)
  }
  const owner = await connected(t, database.ownerUrl)
  for (const table of ['users', 'businesses', 'vapi_agents'])
    t.equal(await as(owner, null, `select from ${table}`), 0, `${table}, for its owner`)
})

t.test('without a tenant every table is empty, and with one it holds that one alone', async (t) => {
  const { service, tables } = await filled(t)
  for (const table of tables) {
    t.equal(await as(service, null, `select from ${table}`), 0, table)
    t.equal(await as(service, '', `select from ${table}`), 0, `${table}, for nobody`)
    t.equal(await as(service, 'user_a%', `select from ${table}`), 0, `${table}, for somebody else`)
    t.equal(await as(service, 'user_a', `select from ${table}`), 1, `${table} has a row of this tenant's own`)
    t.equal(await as(service, 'user_a', `select from ${table} where clerk_user_id = 'user_b'`), 0, table)
  }
})

// Nobody takes back that somebody was deleted, or what was done.
const onlyAdded = ['deleted_users', 'event_heads', 'event_log']

t.test("no tenant changes, deletes, takes over or adds another's rows", async (t) => {
  const { service, tables } = await filled(t)
  for (const table of tables) {
    const touches = async (tenant: string | null, statement: string) => {
      if (onlyAdded.includes(table))
        return t.rejects(as(service, tenant, statement), { code: '42501' }, `${table}: what stands there stays`)
      t.equal(await as(service, tenant, statement), 0, table)
    }
    await touches('user_a', `update ${table} set clerk_user_id = clerk_user_id where clerk_user_id = 'user_b'`)
    await touches('user_a', `delete from ${table} where clerk_user_id = 'user_b'`)
    await touches(null, `delete from ${table}`)
    const given = as(service, 'user_a', `update ${table} set clerk_user_id = 'user_b'`)
    await t.rejects(given, { code: '42501' }, `${table}: a row is not given away`)
    const { rows } = await service.query<{ columns: string }>(
      `select string_agg(quote_ident(attname), ', ') as columns from pg_attribute
       where attrelid = $1::regclass and attnum > 0 and not attisdropped and attname not in ('clerk_user_id', 'id') and attgenerated = '' and attidentity = ''`,
      [table],
    )
    const columns = rows[0]?.columns
    const added = `insert into ${table} (clerk_user_id, ${columns}) select 'user_b', ${columns} from ${table}`
    await t.rejects(as(service, 'user_a', added), { code: '42501' }, `${table}: a row is not slipped in`)
  }
})

t.test('the service is a role without any power of its own', async (t) => {
  const { database, service } = await filled(t)
  const owner = await connected(t, database.ownerUrl)
  const roles = `select rolname as name, rolsuper or rolbypassrls or rolreplication as mighty, rolcreaterole or rolcreatedb as maker
    from pg_roles where rolname = current_user`
  t.match((await service.query(roles)).rows, [{ name: 'ringbook_app', mighty: false, maker: false }])
  t.match((await owner.query(roles)).rows, [{ name: 'ringbook_owner', mighty: false }])
  const owned = `select from pg_shdepend where refobjid = (select oid from pg_roles where rolname = 'ringbook_app') and deptype = 'o'`
  t.equal((await service.query(owned)).rowCount, 0, 'it owns nothing')
  const memberships = `select from pg_auth_members where member = (select oid from pg_roles where rolname = 'ringbook_app')`
  t.equal((await service.query(memberships)).rowCount, 0, 'it is a member of no role')
  for (const statement of [
    'select from directory',
    `insert into directory values ('secret', 'x', 'user_a')`,
    'delete from directory',
    'create table loot (x int)',
    'alter table users no force row level security',
    'drop policy tenant on users',
    'truncate bookings',
    'set role ringbook_owner',
    'set session authorization ringbook_owner',
    'select from kysely_migration',
    'create table jobs.loot (x int)',
    'drop table jobs.job',
    `select jobs.create_queue('loot', '{"policy": "standard", "partition": true}')`,
  ])
    await t.rejects(as(service, 'user_a', statement), { code: '42501' }, statement)
  await service.query('set row_security = off')
  await t.rejects(as(service, 'user_a', 'select from users'), { code: '42501' }, 'switching the lock off locks all')
  t.equal(await unfitRole(database.db), undefined)
})

t.test('the tenant does not stay on a pooled connection', async (t) => {
  const { database, service } = await filled(t)
  const held = await connected(t, database.url)
  await Promise.all(
    Array.from({ length: 30 }, (_, index) =>
      inTenant(database.db, index % 2 ? 'user_a' : 'user_b', async (trx) => {
        const rows = await trx.selectFrom('users').select('clerkUserId').execute()
        t.same(rows, [{ clerkUserId: index % 2 ? 'user_a' : 'user_b' }])
      }),
    ),
  )
  await t.rejects(inTenant(database.db, 'user_a', () => Promise.reject(new Error('broken off'))))
  for (let index = 0; index < 20; index += 1) t.same(await database.db.selectFrom('users').select('clerkUserId').execute(), [])
  await as(held, 'user_a', 'select from users')
  const { rows } = await held.query(`select nullif(current_setting('app.tenant', true), '') as tenant`)
  t.same(rows, [{ tenant: null }])
  t.equal(await as(service, null, 'select from users'), 0)
})

t.test('every key of a tenant table begins with the tenant, so that no constraint tells of others', async (t) => {
  const { service, tables } = await filled(t)
  const { rows } = await service.query<{ table: string; name: string; first: string }>(
    `
    select c.relname as table, i.relname as name, pg_get_indexdef(x.indexrelid, 1, true) as first
    from pg_index x join pg_class c on c.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
    where c.relname = any ($1) and (x.indisunique or x.indisexclusion)
    union all
    select k.conrelid::regclass::text, k.conname, a.attname
    from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
    where k.contype = 'f' and k.conrelid::regclass::text = any ($1)`,
    [tables],
  )
  t.ok(rows.length > 12 && rows.some(({ name }) => name === 'bookings_overlap'))
  for (const { table, name, first } of rows) t.equal(first, 'clerk_user_id', `${table}: ${name}`)
  t.equal(
    await as(service, 'user_b', `select from bookings where operation_key = 'k'`),
    1,
    'two tenants hold the same time under the same key',
  )
})

// That she was deleted, and the ids of what is still to be deleted at Vapi.
const outlive = ['deleted_users', 'made_assistants']

t.test('every table with a tenant on it is emptied with its user, but for what has to outlive her', async (t) => {
  const { database, service, tables } = await filled(t)
  await inTenant(database.db, 'user_a', (trx) => trx.deleteFrom('users').execute())
  for (const table of tables) {
    t.equal(await as(service, 'user_a', `select from ${table}`), outlive.includes(table) ? 1 : 0, table)
    t.equal(await as(service, 'user_b', `select from ${table}`), 1, `${table}, of somebody else`)
  }
})

t.test('the functions that look across tenants tell what they are for, and nothing else', async (t) => {
  const { database, service } = await filled(t)
  const ask = async (statement: string, values: unknown[] = []) => (await service.query(statement, values)).rows
  t.match(await ask(`select * from oauth_flow_consume('hash-user_a')`), [
    { clerk_user_id: 'user_a', return_origin: 'http://localhost:3000' },
  ])
  t.same(await ask(`select * from oauth_flow_consume('hash-user_a')`), [], 'once')
  t.same(await ask(`select * from oauth_flow_consume('%')`), [])
  const left = await ask('select * from bookings_unsettled(0, 15, 10)')
  t.same(left.map((row) => row.clerk_user_id).sort(), ['user_a', 'user_b'])
  t.same(Object.keys(left[0] ?? {}), ['clerk_user_id', 'id'])
  t.equal((await ask('select * from bookings_unsettled(0, 15, 1)')).length, 1)
  const unreported = await ask(`select * from calls_unreported(now() + interval '1 minute', 10)`)
  t.same(unreported.map((row) => row.clerk_user_id).sort(), ['user_a', 'user_b'])
  t.same(Object.keys(unreported[0] ?? {}), ['clerk_user_id', 'id'])
  t.same(await ask(`select * from calls_unreported(now() - interval '1 minute', 10)`), [], 'not of which something was heard just now')
  await inTenant(database.db, 'user_b', (trx) => trx.updateTable('calls').set({ reportedAt: new Date() }).execute())
  t.equal((await ask(`select * from calls_unreported(now() + interval '1 minute', 10)`)).length, 1, 'nor of which the report is here')
  t.same((await ask('select * from oauth_tokens_sealing_keys() as id')).map((row) => row.id).sort(), ['k0', 'k1'])
  t.equal((await ask(`select * from oauth_tokens_sealed_elsewhere('k1', 10)`)).length, 2)
  t.equal((await ask(`select * from oauth_tokens_sealed_elsewhere('k1', 1)`)).length, 1)

  const undelivered = await ask('select * from notice_deliveries_undelivered(0, 10)')
  t.same(undelivered.map((row) => row.clerk_user_id).sort(), ['user_a', 'user_b'])
  t.same(Object.keys(undelivered[0] ?? {}), ['clerk_user_id', 'id', 'channel'])
  t.same((await ask('select * from notice_settings_sealing_keys() as id')).map((row) => row.id).sort(), ['k0', 'k1'])
  t.equal((await ask(`select * from notice_settings_sealed_elsewhere('k1', 10)`)).length, 2)

  t.same(await ask('select * from connections_to_look_at(-1, now(), 10)'), [], 'no appointment is to come')
  for (const tenant of ['user_a', 'user_b'])
    await inTenant(database.db, tenant, (trx) => trx.updateTable('bookings').set({ status: 'confirmed' }).execute())
  const toLookAt = await ask(`select * from connections_to_look_at(-1, '2026-12-01', 10)`)
  t.same(toLookAt, [], 'nor one in a calendar that is connected')
  for (const tenant of ['user_a', 'user_b'])
    await inTenant(database.db, tenant, (trx) => trx.updateTable('bookings').set({ calendarId: 'x' }).execute())
  const found = await ask(`select * from connections_to_look_at(-1, '2026-12-01', 10)`)
  t.same(found.map((row) => row.clerk_user_id).sort(), ['user_a', 'user_b'])
  t.same(Object.keys(found[0] ?? {}), ['clerk_user_id', 'id'])
  t.equal((await ask(`select * from connections_to_look_at(-1, '2026-12-01', 1)`)).length, 1)
  t.same(await ask(`select * from connections_to_look_at(60, '2026-12-01', 10)`), [], 'not what was looked at a moment ago')
  t.same(await ask(`select * from connections_to_look_at(-1, '2026-12-02', 10)`), [], 'nor what is over')
  t.same(await ask(`select * from connections_to_open_channels('{google}', 60, 60, 10)`), [], 'whose vendor was asked a moment ago')
  t.same(await ask(`select * from connections_to_open_channels('{calcom}', -1, -1, 10)`), [], 'nor of another vendor')
  const toOpen = await ask(`select * from connections_to_open_channels('{google}', -1, 60, 10)`)
  t.same(toOpen.map((row) => row.clerk_user_id).sort(), ['user_a', 'user_b'])
  t.same(Object.keys(toOpen[0] ?? {}), ['clerk_user_id', 'id'])
  t.same(await ask('select * from sync_channels_sealing_keys() as id'), [{ id: 'k0' }])
  t.same(Object.keys((await ask(`select * from sync_channels_sealed_elsewhere('k1', 10)`))[0] ?? {}), ['clerk_user_id', 'connection_id'])
  t.same(await ask(`select * from sync_channels_sealed_elsewhere('k0', 10)`), [])

  t.same(await ask('select * from oauth_tokens_claim_ending(30000, 10)'), [], "connections in use are nobody's to end")
  t.same(await ask('select * from users_to_erase(10)'), [], 'nor users who are here to erase')
  const unknown = as(service, 'user_a', `update oauth_tokens set state = 'ending'`)
  await t.rejects(unknown, { code: '23514' }, 'since when it is being ended, is always known')
  await inTenant(database.db, 'user_a', async (trx) => {
    await trx.updateTable('users').set({ deletedAt: new Date() }).execute()
    await trx.updateTable('oauthTokens').set({ state: 'ending', endingAt: new Date() }).execute()
  })
  t.same(await ask('select * from users_to_erase(10)'), [], 'not before the vendor was told')
  t.match(await ask('select * from oauth_tokens_claim_ending(30000, 10)'), [{ clerk_user_id: 'user_a' }])
  t.same(await ask('select * from oauth_tokens_claim_ending(30000, 10)'), [], 'what is leased is not claimed again')
  t.same(await ask(`select oauth_account_is_connected('google', '1') as connected`), [{ connected: true }], 'by the other tenant')
  await inTenant(database.db, 'user_b', (trx) => trx.deleteFrom('oauthTokens').execute())
  t.same(await ask(`select oauth_account_is_connected('google', '1') as connected`), [{ connected: false }])
  await inTenant(database.db, 'user_a', (trx) => trx.deleteFrom('oauthTokens').execute())
  t.same(await ask('select * from users_to_erase(10)'), [{ clerk_user_id: 'user_a' }])
  await inTenant(database.db, 'user_a', (trx) => trx.updateTable('users').set({ deletedAt: null }).execute())
  const unwanted = await ask('select * from made_assistants_claim(30000, 10)')
  t.same(unwanted.map((row) => row.clerk_user_id).sort(), ['user_a', 'user_b'])
  t.same(Object.keys(unwanted[0] ?? {}), ['clerk_user_id', 'id'])
  t.same(await ask('select * from made_assistants_claim(30000, 10)'), [], 'what is leased is not claimed again')
  await inTenant(database.db, 'user_a', (trx) => trx.updateTable('vapiAgents').set({ vapiAssistantId: 'a' }).execute())
  t.match(await ask('select * from vapi_agents_linked()'), [{ clerk_user_id: 'user_a', assistant_id: 'a' }])
  const behind = await ask('select * from agent_deployments_claim(30000, 3600000, 10)')
  t.same(Object.keys(behind[0] ?? {}), ['clerk_user_id', 'agent_id', 'state'])
  t.equal(behind.length, 2)
  t.same(await ask('select * from agent_deployments_claim(30000, 3600000, 10)'), [], 'what is leased is not claimed again')
  t.same(await ask('select * from vapi_sealing_keys()'), [{ vapi_sealing_keys: 'k0' }])
  t.equal((await ask(`select * from vapi_sealed_elsewhere('k1', 10)`)).length, 4, 'a key and a secret of each')
  t.same(await ask(`select * from vapi_sealed_elsewhere('k0', 10)`), [])
  const adverts = await ask('select * from rentals_published(null, 10)')
  t.same(
    adverts.map((row) => Object.keys(row).filter((name) => /clerk|user|contact|published/.test(name))),
    [[], []],
    'adverts of nobody',
  )
  t.notMatch(JSON.stringify(adverts), 'user_', 'nor is anybody to be reached by them')
  t.equal((await ask('select * from rentals_published(null, 1)')).length, 1)
  t.equal((await ask(`select * from rentals_published('EXAMPLE-rentals.com', 10)`)).length, 2)
  t.same(await ask(`select * from rentals_published('%', 10)`), [])
  t.match(await ask('select * from rentals_published_by_website()'), [{ website: 'Example-Rentals.com', rental_count: 2 }])
  await service.query(`begin; select set_config('app.tenant', 'user_a', true); update rentals set published = false; commit`)
  t.same(
    (await ask('select * from rentals_published(null, 10)')).map((row) => row.id),
    [adverts[0]?.id],
    'what is not published is not told',
  )
  t.match(await ask('select * from rentals_published_by_website()'), [{ rental_count: 1 }])

  t.same(await ask(`select directory_find('assistant', 'asst') as owner`), [{ owner: null }])
  await t.rejects(ask(`select directory_claim('assistant', 'asst')`), { code: '23502' }, 'nobody claims for nobody')
  const claim = async (tenant: string, fn: string) => {
    await service.query('begin')
    await service.query(`select set_config('app.tenant', $1, true)`, [tenant])
    const { rows } = await service.query(`select ${fn}('assistant', 'asst') as done`)
    await service.query('commit')
    return rows[0].done
  }
  t.equal(await claim('user_a', 'directory_claim'), true)
  t.equal(await claim('user_a', 'directory_claim'), true, 'again is no harm')
  t.equal(await claim('user_b', 'directory_claim'), false)
  const taken = async (tenant: string) => {
    await service.query('begin')
    await service.query(`select set_config('app.tenant', $1, true)`, [tenant])
    const { rows } = await service.query(`select directory_taken('assistant', $1) as key`, [['asst', 'other']])
    await service.query('commit')
    return rows
  }
  t.same(await taken('user_b'), [{ key: 'asst' }])
  t.same(await taken(''), [{ key: 'asst' }], 'nobody has it, so it is not hers')
  t.same(await taken('user_a'), [])
  await claim('user_b', 'directory_release')
  t.same(await ask(`select directory_find('assistant', 'asst') as owner`), [{ owner: 'user_a' }], 'nobody releases what is not hers')
  t.same(await ask(`select directory_find('secret', 'asst') as owner`), [{ owner: null }])
  await claim('user_a', 'directory_release')
  t.equal(await claim('user_b', 'directory_claim'), true)
})

t.test("functions with the owner's rights look nowhere else, and are open to the service alone", async (t) => {
  const { service } = await filled(t)
  const { rows } = await service.query(`
    select p.proname as name, p.proconfig as config, has_function_privilege('ringbook_app', p.oid, 'execute') as ours,
      exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0) as everybody
    from pg_proc p where p.prosecdef and p.pronamespace = 'public'::regnamespace`)
  t.ok(rows.length >= 7)
  for (const { name, config, ours, everybody } of rows) {
    t.same(config, ['search_path=public, pg_temp'], name)
    t.ok(ours, name)
    t.notOk(everybody, name)
  }
  const schema = `select has_schema_privilege('ringbook_app', 'public', 'create') as create`
  t.match((await service.query(schema)).rows, [{ create: false }], 'and nobody can put a table before theirs')
})

t.test('jobs, whose table no lock guards, carry ids and nothing else', async (t) => {
  const service = await connected(t, (await testDatabase(t)).url)
  // Whose rows are gone, so that nothing else knows which of Vapi's ids are meant, and since when.
  const { 'forget-calls': ofNobody, ...jobs } = JOBS
  t.same(Object.keys(ofNobody.shape), ['vapiCallIds', 'answeredBy', 'since'])
  for (const [name, schema] of Object.entries(jobs))
    for (const [key, value] of Object.entries(schema.shape))
      t.ok(key === 'clerkUserId' || (key.endsWith('Id') && value instanceof z.ZodUUID), `${name}: ${key}`)
  const { rows } = await service.query<{ name: string }>(`select distinct relname as name from pg_class c
    join pg_attribute a on a.attrelid = c.oid where c.relnamespace = 'jobs'::regnamespace and a.attname = 'clerk_user_id'`)
  t.same(rows, [], 'whatever has a tenant of its own lies where the lock is')
})
