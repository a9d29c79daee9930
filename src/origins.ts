import type { Config } from './config.ts'

/**
 * May a page of this origin call us, and may a browser be sent back to it? The exact list, or the one pattern for preview deployments,
 * whose `*` stands for letters, digits and hyphens: it cannot reach into another host.
 */
export function isAllowedOrigin({ origins, previewPattern }: Pick<Config, 'origins' | 'previewPattern'>, origin: string): boolean {
  if (origins.includes(origin)) return true
  if (previewPattern === undefined) return false
  const [before = '', after = ''] = previewPattern.split('*')
  if (!origin.startsWith(before) || !origin.endsWith(after)) return false
  return /^[a-z0-9-]+$/.test(origin.slice(before.length, origin.length - after.length))
}
