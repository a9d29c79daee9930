import { sql } from 'kysely'
import type { Db, TenantDb } from './client.ts'

/** A sign-in at a vendor that waits for its callback. The verifier is sealed. */
export interface OauthFlow {
  clerkUserId: string
  provider: string
  /** With which the account is to be connected: destination | busy. */
  role: string
  codeVerifier: string
  returnOrigin: string
}

/** One open flow per user and provider: starting again makes the earlier link worthless. */
export async function saveFlow(trx: TenantDb, flow: OauthFlow & { stateHash: string }): Promise<void> {
  const { stateHash, role, codeVerifier, returnOrigin } = flow
  await trx
    .insertInto('oauthFlows')
    .values(flow)
    .onConflict((conflict) =>
      conflict
        .columns(['clerkUserId', 'provider'])
        .doUpdateSet({ stateHash, role, codeVerifier, returnOrigin, createdAt: sql<Date>`now()` }),
    )
    .execute()
}

/** Finds the flow of a state and deletes it: whatever comes of it, a state works once. Needs no tenant, it tells whose it is. */
export async function consumeFlow(db: Db, stateHash: string): Promise<(OauthFlow & { ageSeconds: number }) | undefined> {
  const { rows } = await sql<OauthFlow & { ageSeconds: number }>`select * from oauth_flow_consume(${stateHash})`.execute(db)
  return rows[0]
}
