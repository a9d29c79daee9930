/** How the frontend's slot picker names a slot: "Monday, November 03 at 09:00 AM", and its "Monday". One formatter for many slots. */
export function slotLabels(timeZone: string): (at: Date) => { formatted: string; day: string } {
  const twoDigits = '2-digit'
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'long',
    month: 'long',
    day: twoDigits,
    hour: twoDigits,
    minute: twoDigits,
    hourCycle: 'h12',
  })
  return (at) => {
    // Put together here: what stands between the parts differs between versions of Node.
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]))
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? ''
    const day = part('weekday')
    const time = `${part('hour')}:${part('minute')} ${part('dayPeriod')}`
    return { formatted: `${day}, ${part('month')} ${part('day')} at ${time}`, day }
  }
}
