import type { Command } from 'commander'
import type { JobSnapshot } from '../../../src-shared/domain/job'
import type { Output } from './output'
import type { Session } from './session'

/** What the commands of every stage are made with. */
export interface CommandContext {
  program: Command
  output: Output
  /** Where the experiments that come with Causeway lie. */
  experimentsDirectory: string
  /** Opens the workspace for one command. */
  session<T>(access: 'read' | 'write', work: (session: Session) => Promise<T>): Promise<T>
  /** Follows a job to its end. @throws its error when it failed */
  finish(session: Session, job: JobSnapshot): Promise<JobSnapshot>
  /** Sets the exit code. */
  exit(code: number): void
}

/** Takes an option that may be given several times. */
export const collect = (value: string, before: string[]): string[] => [...before, value]
