/** Columns of equal width, text to the left, numbers to the right. */
export function table(rows: (string | number)[][]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => String(row[column] ?? '').length))) ?? []
  const cell = (value: string | number, width: number, column: number) =>
    column === 0 ? String(value).padEnd(width) : String(value).padStart(width)
  return rows.map((row) => `  ${row.map((value, column) => cell(value, widths[column] ?? 0, column)).join('   ')}\n`).join('')
}
