import { entriesIn } from './jobs/process-host'
import { rendererBeside, runCli } from './shells/cli/program'

process.exitCode = await runCli(process.argv.slice(2), {
  entries: entriesIn(import.meta.dirname),
  staticDirectory: rendererBeside(import.meta.dirname),
})
