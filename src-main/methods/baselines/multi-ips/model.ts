import { multiTaskArchitecture } from '../../blocks/pairs/multi-task'
import { pairMethod } from '../../blocks/pairs/pair-method'
import { task } from '.'

/** Multi-task inverse propensity scoring (Zhang et al. 2020): see README.md. */
export const method = pairMethod(multiTaskArchitecture(task))
