import { together } from '../setup/together.ts'

together('agents', 'assistants', 'functions', 'businesses')
