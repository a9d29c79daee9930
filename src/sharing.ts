/**
 * Calls with the same key that come while `work` runs for it wait together for one more run. So each of them sees what is true after it
 * came, and however many come at once, there is one run at a time.
 */
export function sharing<K, T>(work: (key: K) => Promise<T>): (key: K) => Promise<T> {
  const running = new Map<K, Promise<T>>()
  const waiting = new Map<K, Promise<T>>()

  function start(key: K): Promise<T> {
    waiting.delete(key)
    const run = work(key).finally(() => running.delete(key))
    running.set(key, run)
    return run
  }

  return (key) => {
    const next = waiting.get(key)
    if (next) return next
    const current = running.get(key)
    if (!current) return start(key)
    const after = current.then(
      () => start(key),
      () => start(key),
    )
    waiting.set(key, after)
    return after
  }
}
