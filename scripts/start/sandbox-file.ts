import path from 'node:path'
import { root } from '../../src/root.ts'

/** Where `npm run call` finds the sandbox of a port: a `Demo` as JSON, there for as long as the sandbox runs. */
export function sandboxFile(port: number): string {
  return path.join(root, '.data', `sandbox-${port}.json`)
}
