import { together } from '../setup/together.ts'

together('providers')
