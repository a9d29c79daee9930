import { together } from '../setup/together.ts'

together('calendar', 'words')
