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
      'files:pick',
      'graph:global',
      'graph:local',
      'graph:truth',
      'jobs:cancel',
      'jobs:list',
      'jobs:pause',
      'recommend:topK',
      'recommend:users',
      'report:html',
      'runs:evaluate',
      'runs:get',
      'runs:list',
      'runs:remove',
      'system:doctor',
      'train:methods',
      'train:resume',
      'train:start',
      'workspace:info',
    ])
  })

  it('sends exactly these events', () => {
    expect([...eventNames].sort()).toEqual(['data:changed', 'job:changed', 'run:log', 'run:points', 'runs:changed'])
  })
})
