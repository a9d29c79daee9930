/**
 * Everything that can go wrong and that we expect. `text` is for the user of the API: what happened and what to do.
 * `say` is for the person on the phone: one speakable line that ends with a next step; no code, no colon, no jargon.
 */
const catalogue = {
  invalid_request: {
    status: 400,
    text: 'The request does not fit what this route expects.',
    say: 'I did not get all the details. Could you say that once more?',
  },
  return_origin_refused: {
    status: 400,
    text: 'redirect_url is not one of the allowed frontend origins. Send scheme, host and port only, of an origin in FRONTEND_URL, CORS_ORIGINS or CORS_PREVIEW_PATTERN.',
    say: 'That did not work. Is there anything else I can do for you?',
  },
  bad_time: {
    status: 400,
    text: 'The end must come after the start, at most 24 hours later.',
    say: 'That does not sound like a time that I can book. Which time would you like?',
  },
  bad_days: {
    status: 400,
    text: 'The end must come after the start, at most 62 days later. Ask for later days by themselves.',
    say: 'I cannot look that far at once. Which day would suit you?',
  },
  bad_phone: {
    status: 400,
    text: 'That is not a phone number. Send it with its country code: +13125550142.',
    say: 'I did not get that number. Could you say it again, digit by digit?',
  },
  caller_has_appointments: {
    status: 409,
    text: 'This caller still has appointments to come. Cancel them first, or send cancel=true to have them cancelled now.',
    say: 'There are still appointments to come. Shall I take a message instead?',
  },
  caller_on_the_line: {
    status: 409,
    text: 'A call with this caller is under way. Nothing was erased; try again when it is over.',
    say: 'I cannot do that during the call. Shall I take a message instead?',
  },
  invalid_range: {
    status: 400,
    text: 'The last day must not come before the first, and at most 366 days are counted at once.',
    say: 'That did not work. Is there anything else I can do for you?',
  },
  time_past: {
    status: 400,
    text: 'That time has already passed. Choose one to come.',
    say: 'That time has already passed. Which other time would suit you?',
  },
  not_signed_in: {
    status: 401,
    text: 'Sign in and send the token as "Authorization: Bearer …".',
    say: 'I cannot do that on this line. Is there anything else I can do for you?',
  },
  not_the_service: {
    status: 401,
    text: 'Send the service secret (USER_SYNC_SECRET) as "Authorization: Bearer …". A token of a user does not open this route.',
    say: 'I cannot do that on this line. Is there anything else I can do for you?',
  },
  signature_refused: {
    status: 400,
    text: 'The signature does not fit, or is more than five minutes old. Compare CLERK_WEBHOOK_SECRET with the signing secret of this endpoint at Clerk.',
    say: 'That did not work. Is there anything else I can do for you?',
  },
  webhook_off: {
    status: 503,
    text: 'Events of Clerk are not accepted here, because CLERK_WEBHOOK_SECRET is not set. Set it to the signing secret of this endpoint at Clerk.',
    say: 'That did not work. Is there anything else I can do for you?',
  },
  webhook_address_refused: {
    status: 400,
    text: 'A webhook needs an address on the public internet that begins with https:// and has no user name in it.',
    say: 'That did not work. Is there anything else I can do for you?',
  },
  webhook_missing: {
    status: 409,
    text: 'No webhook is set. Send webhook.url to PATCH /notices/settings first.',
    say: 'That did not work. Is there anything else I can do for you?',
  },
  not_found: {
    status: 404,
    text: 'There is nothing here under that address.',
    say: 'I could not find that. Is there anything else I can do for you?',
  },
  calendar_not_connected: {
    status: 409,
    text: 'No calendar is connected. Connect Google Calendar, Microsoft 365 or Cal.com first.',
    say: 'I cannot see the diary at the moment, so I cannot book anything. Shall I take a message instead?',
  },
  consent_revoked: {
    status: 409,
    text: 'The calendar no longer lets us in. Connect it again.',
    say: 'I cannot see the diary at the moment, so I cannot book anything. Shall I take a message instead?',
  },
  /** A calendar that was chosen, or is to be, is none of its account's. */
  calendar_missing: {
    status: 409,
    text: 'That calendar is not, or no longer, in the connected account. Choose one of those that GET /calendar/connections lists.',
    say: 'I cannot see the whole diary at the moment, so I cannot book anything. Shall I take a message instead?',
  },
  calendar_read_only: {
    status: 409,
    text: 'That calendar cannot be written to, so bookings cannot go there. Choose one with can_write.',
    say: 'I cannot book anything in this diary at the moment. Shall I take a message instead?',
  },
  destination_needed: {
    status: 409,
    text: 'Bookings need a calendar to go to. Make another connection the destination, and this one becomes busy; or disconnect it.',
    say: 'I cannot book anything in this diary at the moment. Shall I take a message instead?',
  },
  slot_taken: {
    status: 409,
    text: 'That time is no longer free.',
    say: 'That time is taken, sorry. Which other time would suit you?',
  },
  /** Of a calendar that says itself when it takes appointments. */
  slot_not_offered: {
    status: 409,
    text: 'The connected calendar takes no appointment of this length at that time. Choose one of the times that are listed as free.',
    say: 'I cannot book that time. Which other time would suit you?',
  },
  length_not_offered: {
    status: 409,
    text: 'The connected calendar takes no appointments of this length. Leave the length out, or choose one of those of its event type.',
    say: 'I cannot book appointments of that length. Shall I look for one of the usual length?',
  },
  /** Nothing was sent, or the vendor refused it: it wants to know how to reach the customer. */
  contact_needed: {
    status: 409,
    text: 'The connected calendar books only with what its event type asks for: an e-mail address of the customer, or a phone number. Send both.',
    say: 'For this appointment I need an e-mail address. Which address may I use?',
  },
  key_refused: {
    status: 400,
    text: 'The vendor does not accept this key. Make a new one in the settings of your account there, and send it whole.',
    say: 'That did not work. Is there anything else I can do for you?',
  },
  not_changeable: {
    status: 409,
    text: 'This appointment does not stand any more, or its time does not allow that. Look at its status; only a confirmed one can be moved or cancelled, and only one that has begun can be completed or a no-show.',
    say: 'That appointment cannot be changed any more. Would you like a new time?',
  },
  /** There is nothing that could be taken back. */
  nothing_changed: {
    status: 409,
    text: 'No appointment was moved or cancelled in this call.',
    say: 'I have not changed any appointment in this call. Is there anything else I can do for you?',
  },
  /** The one refusal of whoever asks for an appointment that is not proven, whether or not there is one. */
  not_proven: {
    status: 403,
    text: 'Callers find and change an appointment with the number that it was booked for and its confirmation code only.',
    say: 'For that I need a call from the number of the appointment and its confirmation code. Shall I take a message instead?',
  },
  repeat_differs: {
    status: 409,
    text: 'The same operation was sent before with other values.',
    say: 'I already have that request with other details. What would you like me to do?',
  },
  too_many_bookings: {
    status: 429,
    text: 'No more appointments can be booked in this call or for this number.',
    say: 'I cannot book any more appointments for you at the moment. Is there anything else I can do for you?',
  },
  call_limit_reached: {
    status: 429,
    text: 'No more functions can be called in this call.',
    say: 'I cannot look up anything more in this call, sorry. Could you call again?',
  },
  too_many_messages: {
    status: 429,
    text: 'No more messages can be left in this call, for this number or today.',
    say: 'I cannot take another message at the moment. Is there anything else I can do for you?',
  },
  assistant_taken: {
    status: 409,
    text: 'That assistant is already linked to another agent, or is being deleted.',
    say: 'I cannot do that on this line. Is there anything else I can do for you?',
  },
  /** Never told: by whom. */
  number_taken: {
    status: 409,
    text: 'That phone number is already the number of another business. Check it, or remove it there first.',
    say: 'I cannot do that on this line. Is there anything else I can do for you?',
  },
  number_unreadable: {
    status: 400,
    text: 'phone_number is no phone number that can be dialled. Write it with its country code, such as +13125550142.',
    say: 'I did not get the whole phone number. Could you say it once more, with the area code?',
  },
  agent_unknown: {
    status: 400,
    text: 'agent_id names none of your agents. GET /agents lists them.',
    say: 'I cannot do that on this line. Is there anything else I can do for you?',
  },
  limit_reached: {
    status: 409,
    text: 'There are as many of these as there may be. Change or delete one that you no longer need.',
    say: 'I cannot add another one. Is there anything else I can do for you?',
  },
  too_large: {
    status: 413,
    text: 'The request is larger than this route accepts.',
    say: 'That was too much at once. Could you say it more briefly?',
  },
  unsupported_type: {
    status: 415,
    text: 'Send the body as application/json.',
    say: 'I did not get that. Could you say it once more?',
  },
  too_many_requests: {
    status: 429,
    text: 'Too many requests. Wait for the seconds given in Retry-After, then try again.',
    say: 'I need a short moment. Could you ask me again in a minute?',
  },
  internal: {
    status: 500,
    text: 'Something went wrong on our side. Try again; if it stays, tell us the X-Request-Id of this answer.',
    say: 'Something went wrong on my side, sorry. Shall I try again?',
  },
  consent_denied: {
    status: 400,
    text: 'The calendar was not connected, because access was not allowed. Connect again and allow it.',
    say: 'I cannot see the diary at the moment, so I cannot book anything. Shall I take a message instead?',
  },
  flow_expired: {
    status: 400,
    text: 'This sign-in link was already used or has expired. Start connecting the calendar again.',
    say: 'I cannot see the diary at the moment, so I cannot book anything. Shall I take a message instead?',
  },
  code_refused: {
    status: 400,
    text: 'The calendar refused the sign-in. Start connecting the calendar again.',
    say: 'I cannot see the diary at the moment, so I cannot book anything. Shall I take a message instead?',
  },
  scope_missing: {
    status: 403,
    text: 'Not every permission was granted. Connect again and leave all the boxes ticked.',
    say: 'I cannot see the diary at the moment, so I cannot book anything. Shall I take a message instead?',
  },
  calendar_unusable: {
    status: 409,
    text: 'The account has no calendar that can be written to. Connect another account; at Cal.com, first make an event type that anybody can book at once.',
    say: 'I cannot see the diary at the moment, so I cannot book anything. Shall I take a message instead?',
  },
  provider_off: {
    status: 503,
    text: 'Nobody can sign in at this calendar vendor, because it is not set up on this installation. Connect another one, or Cal.com by a key of your account (PUT /calendar/calcom/key), or ask whoever runs the service to set client id and secret.',
    say: 'I cannot see the diary at the moment, so I cannot book anything. Shall I take a message instead?',
  },
  /** The owner has deleted the event of a booking in her calendar, so there is nothing left to move. */
  event_missing: {
    status: 409,
    text: 'The event of this appointment is no longer in the calendar, so it cannot be changed. Book a new one.',
    say: 'That appointment is no longer in the diary. Shall I find you a new time?',
  },
  /** Asking again later may help: no answer, refused, 5xx, nonsense. Whether a create took place is unknown. */
  provider_unavailable: {
    status: 502,
    text: 'The calendar does not answer. Try again in a moment.',
    say: 'The diary does not answer right now. Shall I try again, or take a message?',
  },
  /** The time is ours, and whether the event exists is being found out. */
  booking_held: {
    status: 502,
    text: 'The calendar has not answered yet. The time is kept and the appointment is being confirmed: look at the calendar in a minute before you try again.',
    say: 'I am holding that time until the diary confirms it. Shall I look again in a moment?',
  },
  /** The vendor was asked to move or cancel the event, and whether it did is being found out. */
  not_yet_confirmed: {
    status: 409,
    text: 'The calendar has not confirmed this appointment yet, so it cannot be moved. Look at it in a moment, then ask again.',
    say: 'That appointment is still waiting for the diary, so I cannot move it yet. Shall I look again in a moment?',
  },
  change_under_way: {
    status: 409,
    text: 'Another change of this appointment is being carried out. Look at it in a moment, then ask again.',
    say: 'That appointment is just being changed. Shall I look again in a moment?',
  },
  change_held: {
    status: 502,
    text: 'The calendar has not answered yet, so the change is not confirmed. It is being carried out: look at the appointment in a minute before you try again.',
    say: 'The diary has not confirmed that change yet, so the appointment stands as it was for now. Shall I look again in a moment?',
  },
  /** The vendor asks us to slow down; nothing happened. */
  provider_busy: {
    status: 503,
    text: 'The calendar asks us to wait. Try again in a minute.',
    say: 'The diary is busy right now. Shall I try again in a moment?',
  },
  /** The vendor understood and said no; nothing happened and asking again will not help. */
  provider_refused: {
    status: 502,
    text: 'The calendar refused the request. If this stays, connect it again.',
    say: 'The diary did not accept that, so I could not do it. Shall I take a message instead?',
  },
  vapi_off: {
    status: 503,
    text: 'Assistants can be neither listed nor made on this installation: VAPI_API_KEY is missing from its settings.',
    say: 'I cannot do that on this line. Is there anything else I can do for you?',
  },
  /** No answer, 5xx, nonsense. Whether a create took place is unknown; if it did, it is undone. */
  vapi_unavailable: {
    status: 503,
    text: 'Vapi does not answer. Nothing was changed; try again in a moment.',
    say: 'I cannot do that right now. Shall I try again?',
  },
  vapi_busy: {
    status: 503,
    text: 'Vapi asks us to wait. Nothing was changed; try again in a minute.',
    say: 'I cannot do that right now. Shall I try again in a moment?',
  },
  /** Nothing happened and asking again will not help. */
  vapi_refused: {
    status: 502,
    text: 'Vapi refused the request, so nothing was made. Check model, voice and the other fields of config; if they are right, the VAPI_API_KEY of this installation may be wrong.',
    say: 'I cannot do that on this line. Is there anything else I can do for you?',
  },
  function_unfit: {
    status: 400,
    text: 'A function of the assistant does not fit what Vapi takes: a name of 1 to 64 letters, digits, _ or -, a description of 1 to 999 characters, messages of 1000 at most. Shorten it and try again.',
    say: 'I cannot do that on this line. Is there anything else I can do for you?',
  },
  vapi_key_refused: {
    status: 409,
    text: "Vapi does not accept your own key. Copy a private key from Vapi's dashboard (not a public one) and save it with PUT /vapi/key, or delete it there to use the installation's.",
    say: 'I cannot do that on this line. Is there anything else I can do for you?',
  },
  assistant_missing: {
    status: 409,
    text: 'This agent has no assistant at Vapi. Deploy it first, or link one.',
    say: 'I cannot do that on this line. Is there anything else I can do for you?',
  },
  assistant_gone: {
    status: 409,
    text: 'The assistant of this agent does not exist at Vapi any more. Unlink it (PATCH the agent with vapi_assistant_id null), then deploy the agent: that makes a new one.',
    say: 'I cannot do that on this line. Is there anything else I can do for you?',
  },
  deployment_under_way: {
    status: 409,
    text: 'This agent is just being brought to Vapi. Look at its deployment in a moment.',
    say: 'I cannot do that right now. Shall I try again in a moment?',
  },
  phone_number_not_yours: {
    status: 409,
    text: 'That phone number is not yours to attach. It has to be the number of one of your businesses and answered by no other assistant, or stand in your own account at Vapi.',
    say: 'I cannot do that on this line. Is there anything else I can do for you?',
  },
  unavailable: {
    status: 503,
    text: 'The service is starting, stopping or without its database. Try again in a moment.',
    say: 'I cannot reach the diary right now. Shall I try again?',
  },
} as const satisfies Record<string, { status: number; text: string; say: string }>

export type ErrorCode = keyof typeof catalogue

/** Every code, for the documentation and for tests. */
export const errorCodes = Object.keys(catalogue).filter((code): code is ErrorCode => code in catalogue)

/** A failure we expect. `why` is for the log alone: it never leaves the process. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode // assigned by hand: Node strips types, it does not compile `constructor(readonly code …)`
  constructor(code: ErrorCode, why: string, options?: ErrorOptions) {
    super(why, options)
    this.code = code
  }
  get status() {
    return catalogue[this.code].status
  }
  get text() {
    return catalogue[this.code].text
  }
  get say() {
    return catalogue[this.code].say
  }
}
