/** What a script has to undo, in the manner of a test: last in, first out. */
export function cleanups() {
  const tasks: (() => unknown)[] = []
  return {
    teardown: (task: () => unknown): void => void tasks.unshift(task),
    /** Undoes all of it, also when some of it fails. */
    run: async (): Promise<void> => {
      for (const task of tasks.splice(0)) {
        try {
          await task()
        } catch (error) {
          process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
        }
      }
    },
  }
}

export type Cleanups = Pick<ReturnType<typeof cleanups>, 'teardown'>
