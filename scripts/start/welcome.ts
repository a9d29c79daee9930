import type { Demo } from './demo.ts'

/** What a newcomer can do next, ready to be pasted. */
export function welcome({ baseUrl, token, assistantId, secret, timeZone, calendar, calcomKey }: Demo): string {
  const day = tuesdayAfterNext(timeZone)
  const args = {
    start_time: `${day}T10:00`,
    attendee_name: 'Kim Lee',
    attendee_email: 'kim@example.com',
    property_address: '12 Elm Street',
  }
  const message = {
    type: 'tool-calls',
    toolCallList: [{ id: 'call_1', type: 'function', function: { name: 'book_appointment', arguments: args } }],
    call: { id: 'first-call', assistantId },
  }
  const port = new URL(baseUrl).port
  const onPort = port === '8000' ? '' : `PORT=${port} `
  return `
Ringbook runs at ${baseUrl} as a sandbox. Nothing leaves this
machine, and everything is made anew at the next start.

Book an appointment, as the voice assistant would:

  curl -s ${baseUrl}/vapi/webhook \\
    -H 'Content-Type: application/json' \\
    -H 'X-Vapi-Secret: ${secret}' \\
    -d '${JSON.stringify({ message })}'

Look into the calendar of ${calendar.email}, at Google's stand-in:

  curl -s '${calendar.url}?singleEvents=true&timeMin=${day}T00:00:00Z&timeMax=${day}T23:59:59Z' \\
    -H 'Authorization: Bearer ${calendar.token}'

Ask as the owner, signed in:

  curl -s ${baseUrl}/calendar/auth/status \\
    -H 'Authorization: Bearer ${token}'

Call the assistant yourself   ${onPort}npm run call
Listen to a call              ${onPort}npm run call -- --script demo
Read and try every route      ${baseUrl}/docs
For PUT /calendar/calcom/key  ${calcomKey}

E-mails are not sent but shown here.

Ctrl-C stops it.
`
}

/** At least a week ahead: outside the notice, and free in the demo calendar. */
function tuesdayAfterNext(timeZone: string): string {
  const inAWeek = Temporal.Now.zonedDateTimeISO(timeZone).toPlainDate().add({ days: 7 })
  return inAWeek.add({ days: (9 - inAWeek.dayOfWeek) % 7 }).toString()
}
