import { dataWorkerContract, type DataWorkerCalls, type DataWorkerEventMap } from './jobs/data-worker-contract'
import { serveChild } from './jobs/child-channel'
import { makeDataHandlers } from './pipeline/data-handlers'

serveChild<DataWorkerCalls, DataWorkerEventMap>(dataWorkerContract, makeDataHandlers)
