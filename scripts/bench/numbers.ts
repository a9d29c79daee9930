/** @param share 0.95: all but the slowest twentieth are at most so large. @returns `NaN` of nothing */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

/** Works through `items`, so many at a time. @returns what came of each, in their order */
export async function sideBySide<T, R>(items: T[], lanes: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const open = items.entries()
  const lane = async () => {
    for (const [index, item] of open) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return results
}

/** Columns of equal width, text to the left, numbers to the right. */
export function table(rows: (string | number)[][]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => String(row[column] ?? '').length))) ?? []
  const cell = (value: string | number, width: number, column: number) =>
    column === 0 ? String(value).padEnd(width) : String(value).padStart(width)
  return rows.map((row) => `  ${row.map((value, column) => cell(value, widths[column] ?? 0, column)).join('   ')}\n`).join('')
}
