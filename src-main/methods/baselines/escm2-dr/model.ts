import { multiTaskArchitecture } from '../../blocks/pairs/multi-task'
import { pairMethod } from '../../blocks/pairs/pair-method'
import { task } from '.'

/** The entire space counterfactual multi-task model with doubly robust errors (Wang et al. 2022): see README.md. */
export const method = pairMethod(multiTaskArchitecture(task))
