import type { Handlers } from '../../src-shared/contract/contract'
import type { Core } from './core'

type Names = 'jobs:list' | 'jobs:pause' | 'jobs:cancel'

export const jobsHandlers = ({ jobs }: Core): Pick<Handlers, Names> => ({
  'jobs:list': () => jobs.list(),
  'jobs:pause': ({ job }) => jobs.pause(job),
  'jobs:cancel': ({ job }) => jobs.cancel(job),
})
