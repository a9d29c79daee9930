import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { root } from '../../src/root.ts'

export interface Program {
  child: ChildProcess
  stdout(): string
  stderr(): string
  /** The exit code; `null` when a signal ended it. */
  ended: Promise<number | null>
}

/**
 * Runs one of our programs as a process of its own, with this environment and no other settings. It does not outlive the test.
 * @param script by its path in this checkout, or by an absolute one in another
 */
export function runProgram(t: Pick<Test, 'teardown'>, script: string, env: Record<string, string>, args: string[] = []): Program {
  const { PATH = '', NODE_COMPILE_CACHE } = process.env
  const child = spawn(process.execPath, [path.resolve(root, script), ...args], {
    // What V8 has compiled changes nothing but how soon the program is there.
    env: { PATH, ...(NODE_COMPILE_CACHE ? { NODE_COMPILE_CACHE: path.resolve(NODE_COMPILE_CACHE) } : {}), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const heard = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    heard.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    heard.stderr += text
  })
  const ended = once(child, 'close').then(() => child.exitCode)
  t.teardown(async () => {
    child.kill('SIGTERM')
    await Promise.race([ended, delay(15_000, undefined, { ref: false })])
    child.kill('SIGKILL')
  })
  return { child, stdout: () => heard.stdout, stderr: () => heard.stderr, ended }
}

/** Asks until it is so. @throws Error after `seconds` */
export async function until<T>(
  what: string,
  found: () => T | undefined | false | Promise<T | undefined | false>,
  seconds = 60,
): Promise<T> {
  const end = Date.now() + seconds * 1000
  while (Date.now() < end) {
    const value = await found()
    if (value) return value
    await delay(50)
  }
  throw new Error(`waited ${seconds} s for ${what}`)
}
