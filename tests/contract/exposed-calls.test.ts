import { describe, expect, it } from 'vitest'
import { eventNames, requestNames } from '../../src-shared/contract/contract'

// Whoever adds a call widens what a page may ask of the machine. This list makes that a decision, not an accident.
describe('the border', () => {
  it('exposes exactly these requests', () => {
    expect([...requestNames].sort()).toEqual([
      'backends:probe',
      'data:card',
      'data:demo',
      'data:import',
      'data:list',
      'data:preview',
      'data:remove',
      'data:rows',
      'domain:list',
      'domain:remove',
      'domain:save',
      'files:pick',
      'graph:annotate',
      'graph:annotations',
      'graph:bootstrap',
      'graph:confidence',
      'graph:global',
      'graph:local',
      'graph:truth',
      'intervene:paths',
      'intervene:perConfounder',
      'intervene:profiles',
      'intervene:removeSaved',
      'intervene:save',
      'intervene:saved',
      'intervene:segment',
      'intervene:segments',
      'intervene:stop',
      'intervene:user',
      'jobs:cancel',
      'jobs:list',
      'jobs:pause',
      'knowledge:list',
      'knowledge:remove',
      'knowledge:save',
      'masks:list',
      'masks:remove',
      'masks:save',
      'recommend:topK',
      'recommend:users',
      'report:html',
      'runs:evaluate',
      'runs:get',
      'runs:list',
      'runs:remove',
      'saved:damaged',
      'system:doctor',
      'train:methods',
      'train:resume',
      'train:start',
      'workspace:info',
    ])
  })

  it('sends exactly these events', () => {
    expect([...eventNames].sort()).toEqual([
      'data:changed',
      'intervene:progress',
      'job:changed',
      'run:annotated',
      'run:log',
      'run:points',
      'runs:changed',
    ])
  })
})
