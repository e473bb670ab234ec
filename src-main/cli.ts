import { entriesIn } from './jobs/process-host'
import { experimentsBeside } from './shells/cli/experiment-files'
import { rendererBeside, runCli } from './shells/cli/program'

// A reader that has seen enough (`| head`) closes the pipe: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

process.exitCode = await runCli(process.argv.slice(2), {
  entries: entriesIn(import.meta.dirname),
  staticDirectory: rendererBeside(import.meta.dirname),
  experimentsDirectory: experimentsBeside(import.meta.dirname),
})
