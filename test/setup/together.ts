import { globSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { root } from '../../src/root.ts'
import { compileAssistant } from '../world/vapi/published.ts'

/**
 * Runs the test files of these folders in one process, one after the other. Loading the product takes longer than most files do, and what V8
 * has learnt of it serves the next one. Each is a test of its own all the same: `node test/…/x.test.ts`.
 */
export function together(...folders: string[]): void {
  compileAssistant()
  load(filesOf(folders))
}

export function filesOf(folders: string[]): string[] {
  return folders.flatMap((folder) => globSync(`test/${folder}/*.test.ts`, { cwd: root }).sort())
}

/** Tests stand in a queue: those of a file behind the one that loads it, and the one that loads the next behind them. */
function load([file, ...others]: string[]): void {
  if (file === undefined) return
  t.test(`${file} is loaded`, async (t) => {
    await import(path.join(root, file))
    load(others)
    t.pass()
  })
}
