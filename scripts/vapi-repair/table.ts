import type { Repaired } from '../../src/agents/repair-all.ts'

/** One line for each assistant, with the fields that differ; nothing of what stands in them. Below, what each failure means. */
export function repairTable(findings: Repaired[], write: boolean): string {
  if (findings.length === 0) return 'No agent has an assistant at Vapi.\n'
  const rows = [
    ['assistant', 'agent', 'user', 'outcome', 'differences'],
    ...findings.map(({ assistantId, agentId, clerkUserId, outcome, fields }) => [
      assistantId,
      String(agentId),
      clerkUserId,
      outcome,
      fields.join(', ') || '-',
    ]),
  ]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const amiss = findings.filter(({ isWell }) => !isWell).length
  const failures = new Set(findings.flatMap(({ outcome, why }) => (why === undefined ? [] : [`${outcome}: ${why}`])))
  // What cannot be reached now is not repaired by asking for it.
  const isRepairable = findings.some(({ isWell, outcome }) => !isWell && outcome === 'listed')
  const hint = isRepairable && !write ? ' Repair them with: npm run vapi:repair -- --write' : ''
  return `${[...lines, '', ...failures].join('\n')}\n${failures.size > 0 ? '\n' : ''}${findings.length} looked at, ${amiss} not as they should be.${hint}\n`
}
