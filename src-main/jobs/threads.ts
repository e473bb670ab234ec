import { availableParallelism } from 'node:os'
import type { BackendId } from '../../src-shared/domain/backend'

/** The threads a training gets: the portable backends compute on one; TensorFlow takes what the machine has. */
export const threadsOf = (backend: BackendId): number => (backend === 'tensorflow' ? availableParallelism() : 1)
