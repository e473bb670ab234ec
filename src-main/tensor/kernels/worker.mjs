// A thread that helps the kernels: an instance of the compiled module over the shared heap, in its endless loop of work and sleep. It is
// ended from outside.
import { workerData } from 'node:worker_threads'

const { module, memory, control, thread } = workerData
const { exports } = new WebAssembly.Instance(module, { env: { memory } })
exports.initialise(control, thread)
exports.serve()
