import type { EventMap, EventName } from '../../src-shared/contract/contract'

type Listener = <N extends EventName>(name: N, payload: EventMap[N]) => void

/** What a shell follows: every event of the contract, until the returned function is called. */
export interface EventSource {
  subscribe(listener: Listener): () => void
}

export class EventHub implements EventSource {
  private readonly listeners = new Set<Listener>()

  subscribe(listener: Listener): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  emit<N extends EventName>(name: N, payload: EventMap[N]): void {
    for (const listener of this.listeners) listener(name, payload)
  }
}

/**
 * Calls `send` at once and then at most every `milliseconds`; the last call of a burst is never lost.
 * @returns `request` to ask for a sending, `flush` to send at once and drop what is waiting
 */
export function throttle(send: () => void, milliseconds: number): { request(): void; flush(): void } {
  let timer: NodeJS.Timeout | null = null
  let wanted = false
  const fire = (): void => {
    wanted = false
    send()
    timer = setTimeout(() => {
      timer = null
      if (wanted) fire()
    }, milliseconds)
    timer.unref()
  }
  return {
    request() {
      wanted = true
      if (!timer) fire()
    },
    flush() {
      if (timer) clearTimeout(timer)
      timer = null
      wanted = false
      send()
    },
  }
}
