import { shownCallId } from '../call-id.ts'
import type { ListedCall } from '../db/call-lists.ts'

type Cell = string | number | boolean | null

const COLUMNS: [name: string, cell: (call: ListedCall) => Cell][] = [
  ['id', ({ id }) => id],
  ['vapi_call_id', ({ vapiCallId }) => shownCallId(vapiCallId)],
  ['began_at', ({ beganAt }) => beganAt.toISOString()],
  ['ended_at', ({ endedAt }) => endedAt?.toISOString() ?? null],
  ['duration_seconds', ({ durationSeconds }) => durationSeconds],
  ['direction', ({ direction }) => direction],
  ['status', ({ status }) => status],
  ['customer_number', ({ customerNumber }) => customerNumber],
  ['customer_name', ({ customerName }) => customerName],
  ['dialled_number', ({ dialledNumber }) => dialledNumber],
  ['ended_reason', ({ endedReason }) => endedReason],
  ['ended_class', ({ endedClass }) => endedClass],
  ['intent', ({ intent }) => intent],
  ['sentiment', ({ sentiment }) => sentiment],
  ['success', ({ success }) => success],
  ['booking_created', ({ appointmentIds }) => appointmentIds.length > 0],
  ['booking_ids', ({ appointmentIds }) => appointmentIds.join(' ')],
  ['cost', ({ cost }) => (cost === null ? null : Number(cost))],
  ['summary', ({ summary }) => summary],
]

export const csvHeader = row(COLUMNS.map(([name]) => name))

/** Calls as lines of RFC 4180. */
export function csvRows(calls: ListedCall[]): string {
  return calls.map((call) => row(COLUMNS.map(([, cell]) => cell(call)))).join('')
}

function row(cells: Cell[]): string {
  return `${cells.map(written).join(',')}\r\n`
}

/** A spreadsheet takes a cell that begins so for a formula, and a caller may say what she likes. A phone number is none. */
function written(cell: Cell): string {
  if (typeof cell !== 'string') return cell === null ? '' : String(cell)
  const isFormula = /^\s*[=+\-@|%]/.test(cell) && !/^\+\d+$/.test(cell)
  const text = isFormula ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
