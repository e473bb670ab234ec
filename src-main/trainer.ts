import { serveChild } from './jobs/child-channel'
import { trainerContract, type TrainerCalls, type TrainerEventMap } from './jobs/trainer-contract'
import { trainerHandlers } from './pipeline/trainer-handlers'

/** The trainer process: one training or one open run, over the IPC of whoever forked it. */
serveChild<TrainerCalls, TrainerEventMap>(trainerContract, trainerHandlers)
