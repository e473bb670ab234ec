import type { Handlers } from '../../src-shared/contract/contract'
import type { Core } from './core'

type Names = 'domain:list' | 'domain:save' | 'domain:remove'

/**
 * Graphs the analyst draws, kept as their text, also where that is not a graph yet: a drawing that is half done, or has a cycle,
 * is not lost.
 */
export const domainHandlers = ({ saved }: Core): Pick<Handlers, Names> => ({
  'domain:list': () => saved.domainGraphs.list().saved,
  'domain:save': ({ name, text, replace }) =>
    saved.domainGraphs.save(
      { type: 'causeway-domain-graph', version: 1, name, text, savedAt: new Date().toISOString() },
      replace,
    ),
  'domain:remove': ({ name }) => {
    saved.domainGraphs.remove(name)
    return null
  },
})
