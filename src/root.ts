import { createHash } from 'node:crypto'
import path from 'node:path'
import manifest from '../package.json' with { type: 'json' }

/** The checkout (or the image's folder): where package.json and migrations/ are. */
export const root = path.resolve(import.meta.dirname, '..')

/**
 * Where an embedded database of this name keeps its files. PostgreSQL refuses root, and the user it then runs as may not see into the
 * checkout: hence a folder of its own, by checkout, so that two of them never share a cluster.
 */
export function embeddedFolder(name: string): string {
  if (process.getuid?.() !== 0) return path.join(root, '.data', name)
  const checkout = createHash('sha256').update(root).digest('hex').slice(0, 16)
  return path.join('/var/lib/ringbook', checkout, name)
}

/** As package.json has it. */
export const version = manifest.version
