/** How an answer ends after which the caller may want nothing more. */
export const ANYTHING_ELSE = 'Is there anything else I can do for you?'
