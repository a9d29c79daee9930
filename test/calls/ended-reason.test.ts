import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { classOfEnd } from '../../src/calls/ended-reason.ts'

const place = new URL('../../../shared/specs/vapi.openapi.json', import.meta.url)
const skip = existsSync(place) ? false : "Vapi's published description is not here"

t.test('why a call ended is told in few classes, and what nobody has heard of is unknown', async (t) => {
  const expected = {
    'pipeline-error-openai-llm-failed': 'platform-fault',
    'call.in-progress.error-vapifault-worker-died': 'platform-fault',
    'assistant-request-failed': 'our-answer-bad',
    'assistant-request-returned-no-assistant': 'our-answer-bad',
    'assistant-not-found': 'our-answer-bad',
    'assistant-request-returned-forwarding-phone-number': 'transferred-or-tried',
    'call.start.error-subscription-frozen': 'account-or-setup',
    'assistant-forwarded-call': 'transferred-or-tried',
    'customer-did-not-answer': 'not-reached',
    'customer-busy': 'not-reached',
    'customer-ended-call': 'normal',
    voicemail: 'normal',
    'a-reason-of-tomorrow': 'unknown',
    '': 'unknown',
  }
  for (const [reason, endedClass] of Object.entries(expected)) t.equal(classOfEnd(reason), endedClass, reason)
})

t.test('every reason that Vapi publishes has a class, and eight of them are our own fault', { skip }, async (t) => {
  const { components } = JSON.parse(readFileSync(place, 'utf8'))
  const reasons: string[] = components.schemas.ServerMessageEndOfCallReport.properties.endedReason.enum
  t.ok(reasons.length > 500)
  const classes = reasons.map((reason) => [reason, classOfEnd(reason)] as const)
  t.same(
    classes.filter(([, endedClass]) => endedClass === 'unknown'),
    [],
  )
  t.equal(classes.filter(([, endedClass]) => endedClass === 'our-answer-bad').length, 8)
})
