import type { BackendProbe } from '../../src-shared/domain/backend'
import type { EventHub } from '../jobs/event-hub'
import type { DataHost } from '../jobs/data-host'
import type { Bootstraps } from '../jobs/bootstraps'
import type { Experiments } from '../jobs/experiments'
import type { Inference } from '../jobs/inference'
import type { JobManager } from '../jobs/job-manager'
import type { Splits } from '../jobs/splits'
import type { Trainings } from '../jobs/training'
import type { ExperimentStore } from '../storage/experiment-store'
import type { RunIndex } from '../storage/run-index'
import type { RunStore } from '../storage/run-store'
import type { Saved } from '../storage/saved'
import type { Workspace } from '../storage/workspace'
import type { Catalogs } from './catalogs'
import type { FileRegistry } from './file-registry'
import type { Tasks } from './tasks'

/** What the handlers of all stages work with; put together once, in `create-services.ts`. */
export interface Core {
  readonly causeway: string
  readonly shell: 'electron' | 'web' | 'cli'
  readonly workspace: Workspace
  readonly files: FileRegistry
  readonly store: RunStore
  /** All runs as a table. */
  readonly index: RunIndex
  readonly saved: Saved
  readonly jobs: JobManager
  readonly events: EventHub
  readonly data: DataHost
  readonly splits: Splits
  readonly trainings: Trainings
  readonly bootstraps: Bootstraps
  readonly experiments: Experiments
  readonly experimentStore: ExperimentStore
  readonly catalogs: Catalogs
  readonly inference: Inference
  /** Questions that may take long, of all handlers: `intervene:stop` ends any of them by its name. */
  readonly tasks: Tasks
  /** What the backends are; asked once, and again with `refresh`. */
  probe(refresh: boolean): Promise<BackendProbe>
}
