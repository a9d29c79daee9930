/** What happened in a run, in order, for whoever has to understand it. */
export function newStory() {
  const startedAt = performance.now()
  const lines: string[] = []
  return {
    lines,
    tell: (who: string, what: string): void => {
      const ms = String(Math.round(performance.now() - startedAt)).padStart(6)
      lines.push(`${ms} ms  ${who.padEnd(10)}  ${what}`)
    },
  }
}

export type Story = ReturnType<typeof newStory>
