import * as z from 'zod'

/** How an argument is described to the model that fills it in. */
export interface Described {
  type: 'string' | 'integer' | 'boolean'
  description: string
  enum?: string[]
}

/** Beside each validator, what a model is told of it: the one source of both. */
export const described = z.registry<Described>()

// What models send is read leniently: a value that does not fit is as good as none, because the sentence that asks for it says more than
// an error. Templates of Vapi that have no value arrive as ''.

export function text(description: string) {
  return z
    .union([z.string(), z.number()])
    .transform((value) => String(value).trim() || undefined)
    .optional()
    .catch(undefined)
    .register(described, { type: 'string', description })
}

/** What an appointment may last. */
export const SHORTEST_MINUTES = 5
export const LONGEST_MINUTES = 480

/** "60", "60 minutes", "1 hour". */
export function minutes(description: string) {
  return z
    .union([z.number(), z.string().transform(readMinutes)])
    .pipe(z.number().int().min(SHORTEST_MINUTES).max(LONGEST_MINUTES))
    .optional()
    .catch(undefined)
    .register(described, { type: 'integer', description })
}

export function flag(description: string) {
  return z
    .union([z.boolean(), z.string().transform((value) => /^(true|yes)$/i.test(value.trim()))])
    .optional()
    .catch(undefined)
    .transform((value) => value ?? false)
    .register(described, { type: 'boolean', description })
}

export function days(description: string) {
  return z.coerce.number().int().min(1).max(365).optional().catch(undefined).register(described, { type: 'integer', description })
}

const PARTS_OF_DAY = ['morning', 'afternoon', 'evening'] as const

export function partOfDay(description: string) {
  return z
    .string()
    .transform((value) => value.trim().toLowerCase())
    .pipe(z.enum(PARTS_OF_DAY))
    .optional()
    .catch(undefined)
    .register(described, { type: 'string', description, enum: [...PARTS_OF_DAY] })
}

function readMinutes(text: string): number {
  const [, count, unit = ''] = /^\s*(\d{1,3}(?:\.\d)?)\s*([a-z]*)/i.exec(text) ?? []
  return Number(count) * (unit.toLowerCase().startsWith('h') ? 60 : 1)
}
