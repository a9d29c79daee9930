import { openDiary } from '../calendar/access.ts'
import { findBusiness } from '../db/businesses.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { configFrom, type Template, type TemplateConfig, templates } from '../functions/templates.ts'

/** A template, filled in for one business. */
export type Filled = Pick<Template, 'id' | 'name' | 'description' | 'functions'> & { config: TemplateConfig }

/** What an agent of hers can begin with, in the name and the hours of her first business. Tools are added when the agent is deployed. */
export function templatesFor(deps: Pick<Deps, 'db' | 'config'>, clerkUserId: string): Promise<Filled[]> {
  return inTenant(deps.db, clerkUserId, async (trx) => {
    const { name } = await findBusiness(trx, clerkUserId)
    const { rules } = await openDiary(deps, trx, clerkUserId)
    const setting = { business: { name, ...rules }, baseUrl: deps.config.baseUrl, isConnected: true }
    return templates.map((one) => {
      const config = configFrom(one, setting)
      const { tools: _, ...model } = config.model
      return { id: one.id, name: one.name, description: one.description, functions: one.functions, config: { ...config, model } }
    })
  })
}
