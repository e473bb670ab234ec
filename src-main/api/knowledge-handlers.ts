import type { Handlers } from '../../src-shared/contract/contract'
import { edgeKnowledge } from '../../src-shared/graph/knowledge'
import type { Core } from './core'

type Names = 'knowledge:list' | 'knowledge:save' | 'knowledge:remove'

/** What is known of the graph before a training, kept by name in the workspace. */
export const knowledgeHandlers = ({ saved }: Core): Pick<Handlers, Names> => ({
  'knowledge:list': () => saved.knowledge.list().saved,
  'knowledge:save': ({ knowledge, replace }) => {
    // What no training could honour is refused here, not at the next training.
    edgeKnowledge(knowledge)
    return saved.knowledge.save(knowledge, replace)
  },
  'knowledge:remove': ({ knowledge }) => {
    saved.knowledge.remove(knowledge)
    return null
  },
})
