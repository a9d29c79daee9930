import { together } from '../setup/together.ts'

together('calls', 'audit', 'privacy', 'notices')
