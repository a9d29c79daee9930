import type { preValidationAsyncHookHandler } from 'fastify'

/**
 * What the body leaves out is taken from the query string: the frontend books with everything in the address and an empty JSON body. Either
 * way the route's body schema decides.
 */
export const queryAsBody: preValidationAsyncHookHandler = async (request) => {
  const { body, query } = request
  if (body === undefined) request.body = query
  else if (isObject(body) && isObject(query)) request.body = { ...query, ...body }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
