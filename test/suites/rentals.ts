import { together } from '../setup/together.ts'

together('rentals', 'world')
