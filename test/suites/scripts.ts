import { together } from '../setup/together.ts'

together('scripts')
