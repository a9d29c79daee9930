import type { FunctionName } from './definitions.ts'
import { promptOf, type Shown } from './prompt.ts'
import { type FunctionTool, functionDefinitions } from './tools.ts'

/** A trade's starting point for an agent. */
export interface Template {
  id: string
  name: string
  /** For the owner: whom it suits. */
  description: string
  /** Of the trade, in the system prompt. */
  promptPart: string
  /** What callers are told when the assistant picks up. `{name}` is the name of the business. */
  greeting: string
  functions: FunctionName[]
}

const APPOINTMENTS: FunctionName[] = [
  'get_availability',
  'get_next_available',
  'book_appointment',
  'find_appointment',
  'reschedule_appointment',
  'cancel_appointment',
  'keep_appointment',
  'take_message',
  'check_email',
]

/** What an assistant may do while no calendar can be used. */
const WITHOUT_CALENDAR: readonly FunctionName[] = ['take_message', 'check_email', 'search_rentals']

const general: Template = {
  id: 'appointments',
  name: 'Appointments',
  description: 'Books, moves and cancels appointments of any kind and takes messages.',
  promptPart: 'Callers want appointments of any kind. Ask what it is about in a few words and pass that on.',
  greeting: 'Hello, this is {name}. How can I help you?',
  functions: APPOINTMENTS,
}

const propertyViewing: Template = {
  id: 'property_viewing',
  name: 'Property viewings',
  description: 'For letting agents and owners: tells what is to rent, and books viewings.',
  promptPart:
    'Callers want to see a home that is to rent. Find out first which home they mean; when they do not know yet, ask for the place and the price and look at what there is. Repeat the address once before you offer times, and pass it on when you book. You know nothing about a home beyond what you looked up.',
  greeting: 'Hello, this is {name}. Which home would you like to see?',
  functions: [...APPOINTMENTS, 'search_rentals'],
}

const clinic: Template = {
  id: 'clinic',
  name: 'Clinic or practice',
  description: 'For doctors, dentists and therapists: books visits and takes messages for the team.',
  promptPart:
    'Callers are patients. When somebody describes an emergency, such as chest pain, trouble breathing or heavy bleeding, say at once that they should hang up and call the emergency number. Give no medical advice. Ask for the reason of the visit in a few words only, and do not ask further about it. Questions about results or medicines become a message for the team.',
  greeting: 'Hello, this is {name}. Would you like an appointment?',
  functions: APPOINTMENTS,
}

const salon: Template = {
  id: 'salon',
  name: 'Salon',
  description: 'For hair, nails and beauty: books treatments, asks which one and by whom.',
  promptPart:
    'Callers want a treatment. Ask which treatment it is and pass it on as the subject. When the caller wishes for a certain person, pass the name on as a note and say that the salon does its best. Name no prices.',
  greeting: 'Hello, this is {name}. What can we do for you?',
  functions: APPOINTMENTS,
}

export const templates: readonly Template[] = [propertyViewing, clinic, salon, general]

/** The one that suits every trade. */
export const generalTemplate = general

/** The settings of an agent as a template begins it, in the names of Vapi: what `config` of an agent holds. */
export interface TemplateConfig extends Record<string, unknown> {
  firstMessage: string
  firstMessageMode: 'assistant-speaks-first'
  model: {
    provider: string
    model: string
    temperature: number
    maxTokens: number
    messages: { role: 'system'; content: string }[]
    tools?: FunctionTool[]
  }
  voice: { provider: string; voiceId: string }
  transcriber: { provider: string; model: string; language: string }
  maxDurationSeconds: number
}

/** @param isConnected a calendar can be used; without one the assistant is given no function that needs it, and says so */
export function configFrom(
  { greeting, promptPart, functions }: Template,
  { business, baseUrl, isConnected }: { business: Shown; baseUrl: string; isConnected: boolean },
): TemplateConfig {
  const names = isConnected ? functions : functions.filter((name) => WITHOUT_CALENDAR.includes(name))
  return {
    firstMessage: greeting.replace('{name}', () => business.name.replaceAll(/[{}]/g, '')),
    firstMessageMode: 'assistant-speaks-first',
    model: {
      provider: 'openai',
      model: 'gpt-4o',
      temperature: 0.3,
      maxTokens: 250,
      messages: [{ role: 'system', content: promptOf({ business, functions: names, part: promptPart }) }],
      tools: functionDefinitions({ baseUrl, names }),
    },
    voice: { provider: 'vapi', voiceId: 'Elliot' },
    transcriber: { provider: 'deepgram', model: 'nova-3', language: 'en' },
    maxDurationSeconds: 600,
  }
}
