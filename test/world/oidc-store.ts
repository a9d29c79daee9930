import type { Adapter, AdapterPayload } from 'oidc-provider'

/** What an authorization server remembers. One per stand-in: two of them in one process share nothing. */
export interface OidcStore {
  adapter(model: string): Adapter
  /** Forgets what `models` hold of this account. */
  forget(accountId: string, models: string[]): void
}

/** @param consumes may a token of this model be marked as used? */
export function oidcStore(consumes: (model: string) => boolean): OidcStore {
  const models = new Map<string, Map<string, AdapterPayload>>()

  function table(model: string): Map<string, AdapterPayload> {
    const known = models.get(model)
    if (known) return known
    const made = new Map<string, AdapterPayload>()
    models.set(model, made)
    return made
  }

  function remove(rows: Map<string, AdapterPayload>, belongs: (row: AdapterPayload) => boolean): void {
    for (const [id, row] of rows) if (belongs(row)) rows.delete(id)
  }

  return {
    adapter(model) {
      const rows = table(model)
      const first = (belongs: (row: AdapterPayload) => boolean) => [...rows.values()].find(belongs)
      return {
        upsert: async (id, payload) => {
          rows.set(id, payload)
        },
        find: async (id) => rows.get(id),
        findByUid: async (uid) => first((row) => row.uid === uid),
        findByUserCode: async (userCode) => first((row) => row.userCode === userCode),
        consume: async (id) => {
          const row = rows.get(id)
          if (row && consumes(model)) rows.set(id, { ...row, consumed: Math.floor(Date.now() / 1000) })
        },
        destroy: async (id) => {
          rows.delete(id)
        },
        revokeByGrantId: async (grantId) => remove(rows, (row) => row.grantId === grantId),
      }
    },
    forget(accountId, names) {
      for (const name of names) remove(table(name), (row) => row.accountId === accountId)
    },
  }
}
