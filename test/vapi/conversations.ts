/** One function call of an assistant, and what it is told. */
export interface Turn {
  name: string
  parameters: Record<string, string>
  told: string
  /** Before it looks into any calendar. */
  asksBack?: true
}

/** A conversation that a requirement document shows: its functions, their parameters and their values as they stand there. */
export interface Conversation {
  /** Where it stands. */
  source: string
  /** The address to which its assistant sends everything. */
  door: string
  /** How it calls functions: the legacy message, or today's. */
  form: 'function-call' | 'tool-calls'
  /** What the clock of the business shows when somebody calls, like all times here in its zone. */
  now: string
  /** What else the owner has to do. */
  busy: [from: string, to: string][]
  /** The last one books. */
  turns: Turn[]
  /** What then stands in the owner's calendar. */
  event: { startsAt: string; endsAt: string; subject: string; attendees: string[] }
  /** And among its details. */
  described: string[]
  /** The last answer where somebody else was faster. */
  taken: string
}

const INVITED = 'An invitation comes by e-mail. Your code is CODE. Is there anything else I can do for you?'

export const conversations: Conversation[] = [
  {
    source: 'S1, booking flow during a call',
    door: '/api/vapi-webhook',
    form: 'function-call',
    now: '2024-01-12T10:00',
    busy: [
      ['2024-01-15T12:00', '2024-01-15T14:00'],
      ['2024-01-15T14:30', '2024-01-15T15:00'],
      ['2024-01-15T15:30', '2024-01-15T16:30'],
    ],
    turns: [
      {
        name: 'checkAvailability',
        parameters: { date: '2024-01-15', timePreference: 'afternoon' },
        told: 'I have Monday the fifteenth of January at two, three or four thirty in the afternoon. That is all I have that afternoon. Which would you like? <slots A, B, C>',
      },
      {
        name: 'createBooking',
        parameters: {
          name: 'John Doe',
          email: 'john@example.com',
          phone: '+15551234567',
          dateTime: '2024-01-15T14:00:00.000Z',
          notes: 'Called about services',
        },
        told: `You are booked for Monday the fifteenth of January at two in the afternoon. ${INVITED}`,
      },
    ],
    event: {
      startsAt: '2024-01-15T14:00',
      endsAt: '2024-01-15T14:30',
      subject: 'Appointment, John Doe',
      attendees: ['john@example.com'],
    },
    described: ['John Doe', '+15551234567', 'Called about services'],
    taken:
      'That time is taken, sorry. The nearest I have is Monday the fifteenth of January at eleven thirty in the morning or at three in the afternoon. Which would you like? <slots D, B>',
  },
  {
    source: 'S4, finding availability and scheduling a meeting',
    door: '/vapi/webhook',
    form: 'tool-calls',
    now: '2024-01-12T11:00',
    busy: [
      ['2024-01-15T09:00', '2024-01-15T17:00'],
      ['2024-01-16T09:00', '2024-01-16T14:00'],
      ['2024-01-16T15:00', '2024-01-16T17:00'],
      ['2024-01-17T09:00', '2024-01-17T10:00'],
      ['2024-01-17T11:00', '2024-01-17T17:00'],
      ['2024-01-18T09:00', '2024-01-18T15:00'],
      ['2024-01-18T16:00', '2024-01-18T17:00'],
      ['2024-01-19T09:00', '2024-01-19T17:00'],
    ],
    turns: [
      {
        name: 'find_available_times',
        parameters: { start_date: '2024-01-15T09:00:00Z', duration: '60' },
        told: 'I have Tuesday the sixteenth of January at two in the afternoon, Wednesday the seventeenth of January at ten in the morning, or Thursday the eighteenth of January at three in the afternoon. Which would you like? <slots A, B, C>',
      },
      {
        name: 'schedule_meeting',
        parameters: {
          title: 'Product demo with John Smith',
          start_time: '2024-01-16T14:00:00Z',
          duration: '60',
          attendee_email: 'john@example.com',
        },
        told: `You are booked for Tuesday the sixteenth of January at two in the afternoon. ${INVITED}`,
      },
    ],
    event: {
      startsAt: '2024-01-16T14:00',
      endsAt: '2024-01-16T15:00',
      subject: 'Product demo with John Smith',
      attendees: ['john@example.com'],
    },
    described: ['john@example.com'],
    taken:
      'That time is taken, sorry. The nearest I have is Wednesday the seventeenth of January at ten in the morning, or Thursday the eighteenth of January at three in the afternoon. Which would you like? <slots B, C>',
  },
  {
    source: 'S4, the next available time',
    door: '/vapi/webhook',
    form: 'tool-calls',
    now: '2024-01-12T12:00',
    busy: [],
    turns: [
      {
        name: 'get_next_available',
        parameters: { duration: '60' },
        told: 'I have Wednesday the seventeenth of January at ten in the morning, or Thursday the eighteenth of January at three in the afternoon. Which would you like? <slots A, B>',
      },
      {
        name: 'schedule_meeting',
        parameters: {
          title: 'Product demo',
          start_time: '2024-01-17T10:00:00Z',
          duration: '60',
          attendee_email: 'john@example.com',
          description: 'The second one, with the new team',
        },
        told: `You are booked for Wednesday the seventeenth of January at ten in the morning. ${INVITED}`,
      },
    ],
    event: {
      startsAt: '2024-01-17T10:00',
      endsAt: '2024-01-17T11:00',
      subject: 'Product demo',
      attendees: ['john@example.com'],
    },
    described: ['The second one, with the new team'],
    taken:
      'That time is taken, sorry. The nearest I have is Thursday the eighteenth of January at three in the afternoon, or Monday the twenty second of January at nine in the morning. Which would you like? <slots B, C>',
  },
  {
    // Nothing was offered in this call: whether the Z is meant is asked, because both readings can be booked.
    source: 'S0, a caller who names the time at once',
    door: '/vapi/function-call',
    form: 'function-call',
    now: '2025-10-29T10:00',
    busy: [],
    turns: [
      {
        name: 'book_appointment',
        parameters: { property_address: '123 Main St', appointment_time: '2025-10-30T14:00:00Z' },
        told: 'Do you mean nine in the morning or two in the afternoon?',
        asksBack: true,
      },
      {
        name: 'book_appointment',
        parameters: { property_address: '123 Main St', appointment_time: '2025-10-30T14:00:00' },
        told: 'You are booked for Thursday the thirtieth of October at two in the afternoon, at 123 Main St. I have your number ending in four five six seven. Your code is CODE. Is there anything else I can do for you?',
      },
    ],
    event: {
      startsAt: '2025-10-30T14:00',
      endsAt: '2025-10-30T14:30',
      subject: 'Viewing, 123 Main St',
      attendees: [],
    },
    described: ['+15551234567'],
    taken:
      'That time is taken, sorry. The nearest I have is Thursday the thirtieth of October at one thirty or two thirty in the afternoon. Which would you like? <slots A, B>',
  },
  {
    source: 'S2, three times to choose from and a viewing',
    door: '/vapi/webhook',
    form: 'tool-calls',
    now: '2025-10-29T11:00',
    busy: [],
    turns: [
      {
        name: 'get_availability',
        parameters: { property_address: '123 Main St', user_id: '+15551234567' },
        told: 'I have Thursday the thirtieth of October at eleven in the morning or at noon, or Friday the thirty first of October at nine in the morning. Which would you like? <slots A, B, C>',
      },
      {
        name: 'set_appointment',
        parameters: {
          property_address: '123 Main St',
          user_id: '+15551234567',
          start_time: '2025-10-31T09:00:00Z',
          attendee_name: 'Kim Lee',
          attendee_email: 'kim@example.com',
        },
        told: `You are booked for Friday the thirty first of October at nine in the morning, at 123 Main St. ${INVITED}`,
      },
    ],
    event: {
      startsAt: '2025-10-31T09:00',
      endsAt: '2025-10-31T09:30',
      subject: 'Viewing, 123 Main St, Kim Lee',
      attendees: ['kim@example.com'],
    },
    described: ['Kim Lee'],
    taken:
      'That time is taken, sorry. The nearest I have is Friday the thirty first of October at nine thirty or ten in the morning. Which would you like? <slots D, E>',
  },
]
