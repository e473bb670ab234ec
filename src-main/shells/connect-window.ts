import type { Handlers } from '../../src-shared/contract/contract'
import { serveChannel, type Channel } from '../../src-shared/contract/rpc'
import type { EventSource } from '../jobs/event-hub'

/** What a shell serves: the handlers of the contract and the events that go with them. */
export interface Services {
  handlers: Handlers
  events: EventSource
}

/**
 * Serves one window over its channel: requests are answered, events follow.
 * @param refuse called when the window sends anything but a request; the shell then closes the pipe
 * @returns the disconnection, to be called when the pipe dies: no event is sent after it
 */
export function connectWindow(channel: Channel, services: Services, refuse: (reason: string) => void): () => void {
  const served = serveChannel(channel, services.handlers, refuse)
  const unsubscribe = services.events.subscribe((name, payload) => served.send(name, payload))
  return () => {
    unsubscribe()
    served.close()
  }
}
