/** Why calls end. The first ones are nobody's fault; after `our-answer-bad` our webhook lost a call. */
export const ENDED_CLASSES = [
  'normal',
  'not-reached',
  'transferred-or-tried',
  'account-or-setup',
  'our-answer-bad',
  'platform-fault',
  'unknown',
] as const
export type EndedClass = (typeof ENDED_CLASSES)[number]

// Vapi has about six hundred reasons, most of them faults of one vendor or another. The first pattern that fits tells.
const CLASSES: [EndedClass, RegExp][] = [
  [
    'platform-fault',
    /^pipeline-error-|-(vapi|provider|config)fault-|^call\.in-progress\.error-pipeline-|^worker-shutdown$|^phone-call-provider-|^assistant-join-timed-out$/,
  ],
  [
    'our-answer-bad',
    /^assistant-request-(failed|returned-(?!forwarding))|^assistant-not-(found|valid)$|^call-start-error-neither-assistant-nor-server-set$/,
  ],
  ['account-or-setup', /^call\.start\.|^scheduled-call-deleted$|^call-deleted$/],
  ['transferred-or-tried', /forwarding|forwarded|transfer/],
  [
    'not-reached',
    /^customer-(busy|did-not-)|misdialed$|^twilio-failed|^vonage-(rejected|disconnected|failed)|error-sip-|hungup-before|did-not-receive-customer-audio/,
  ],
  [
    'normal',
    /^customer-ended-call$|^assistant-(ended|said)|^silence-timed-out$|^exceeded-max-duration$|^manually-canceled$|^voicemail$|completed|hook-executed-say$/,
  ],
]

/** Why a call ended, in few classes. @param reason Vapi's word, of an open list */
export function classOfEnd(reason: string): EndedClass {
  return CLASSES.find(([, pattern]) => pattern.test(reason))?.[0] ?? 'unknown'
}
