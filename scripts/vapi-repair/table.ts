import type { Repaired } from '../../src/agents/repair-all.ts'

/** One line for each assistant, with the fields that differ; nothing of what stands in them. */
export function repairTable(findings: Repaired[], write: boolean): string {
  if (findings.length === 0) return 'No agent has an assistant at Vapi.\n'
  const rows = [
    ['assistant', 'agent', 'outcome', 'differences'],
    ...findings.map(({ assistantId, agentId, outcome, fields }) => [assistantId, String(agentId), outcome, fields.join(', ') || '-']),
  ]
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const amiss = findings.filter(({ isWell }) => !isWell).length
  const hint = amiss > 0 && !write ? ' Repair them with: npm run vapi:repair -- --write' : ''
  return `${lines.join('\n')}\n\n${findings.length} looked at, ${amiss} not as they should be.${hint}\n`
}
