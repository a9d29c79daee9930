import { together } from '../setup/together.ts'

together('bookings')
