import { together } from '../setup/together.ts'

together('db', 'jobs')
