import { together } from '../setup/together.ts'

together('http', 'papers')
