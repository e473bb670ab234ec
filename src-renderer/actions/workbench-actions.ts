import { ElMessageBox } from 'element-plus'
import { isResumable } from '../../src-shared/domain/job'
import { router, views, type ViewId } from '../router'
import { useContextStore } from '../stores/context-store'
import { useDatasetsStore } from '../stores/datasets-store'
import { useJobsStore } from '../stores/jobs-store'
import { useMethodsStore } from '../stores/methods-store'
import { useNoticesStore } from '../stores/notices-store'
import { useReproduceStore } from '../stores/reproduce-store'
import { useRunsStore } from '../stores/runs-store'
import { useSettingsStore } from '../stores/settings-store'
import { useWorkbenchStore } from '../stores/workbench-store'
import { useWorkspaceStore } from '../stores/workspace-store'
import { useDrafts } from '../views/train/experiment/use-drafts'
import type { Action } from './registry'

/** Asks before something is removed; true where the analyst agrees. */
export async function confirmRemoval(what: string, consequence: string): Promise<boolean> {
  try {
    await ElMessageBox.confirm(consequence, `Remove ${what}?`, {
      confirmButtonText: 'Remove',
      cancelButtonText: 'Keep',
      confirmButtonClass: 'el-button--danger',
      autofocus: true,
    })
    return true
  } catch (reason) {
    // Element Plus rejects with the way the box was closed.
    if (reason === 'cancel' || reason === 'close') return false
    throw reason
  }
}

/** The actions that do not belong to one view. */
export function workbenchActions(): Action[] {
  const workbench = useWorkbenchStore()
  const settings = useSettingsStore()
  const context = useContextStore()
  const datasets = useDatasetsStore()
  const runs = useRunsStore()
  const jobs = useJobsStore()
  const reproduce = useReproduceStore()
  const methods = useMethodsStore()
  const notices = useNoticesStore()
  const workspace = useWorkspaceStore()
  const drafts = useDrafts()

  const go = async (view: ViewId): Promise<void> => void (await router.push({ name: view }))
  const currentJob = () => (context.run === null ? null : jobs.ofRun(context.run))
  const capableOf = (capability: 'graph' | 'score') => () =>
    context.runManifest?.state === 'completed' &&
    (methods.byId.get(context.runManifest.method)?.capabilities.includes(capability) ?? false)

  return [
    ...views.map((view): Action => ({
      id: `go.${view.id}`,
      name: `Go to ${view.label}`,
      group: 'Go',
      shortcut: view.key,
      perform: () => go(view.id),
    })),
    {
      id: 'palette.open',
      name: 'Open the command palette',
      group: 'Help',
      shortcut: 'Mod+K',
      perform: () => void (workbench.paletteOpen = !workbench.paletteOpen),
    },
    {
      id: 'shortcuts.open',
      name: 'Show the keyboard shortcuts',
      group: 'Help',
      shortcut: '?',
      perform: () => void (workbench.shortcutsOpen = true),
    },
    {
      id: 'data.import',
      name: 'Import data…',
      group: 'Data',
      shortcut: 'I',
      perform: async () => {
        await go('data')
        workbench.importOpen = true
      },
    },
    {
      id: 'data.demo',
      name: 'Train CSC on the demo data',
      group: 'Data',
      when: () => !workbench.demoBusy,
      perform: async () => {
        await workbench.startDemo()
        await go('train')
      },
    },
    {
      id: 'data.train',
      name: 'Train on this data set',
      group: 'Data',
      when: () => context.dataset !== null,
      perform: () => go('train'),
    },
    {
      id: 'data.remove',
      name: 'Remove this data set…',
      group: 'Data',
      when: () => context.dataset !== null,
      perform: async () => {
        const name = context.dataset!
        const trained = context.runCount
        const consequence =
          'Its imported tables and prepared splits are deleted from the workspace; the files it came from are not touched.' +
          (trained > 0 ? ` ${trained === 1 ? 'One run was' : `${trained} runs were`} trained on it.` : '')
        if (await confirmRemoval(`the data set ${name}`, consequence)) await datasets.remove(name)
      },
    },
    {
      id: 'run.graph',
      name: 'Show the graph of this run',
      group: 'Run',
      when: capableOf('graph'),
      perform: async () => void (await router.push({ name: 'graph', query: { tab: 'learned' } })),
    },
    {
      id: 'graph.domain',
      name: 'Draw a domain graph',
      group: 'Domain graph',
      perform: async () => void (await router.push({ name: 'graph', query: { tab: 'domain' } })),
    },
    {
      id: 'run.recommend',
      name: 'Show the recommendations of this run',
      group: 'Run',
      when: capableOf('score'),
      perform: () => go('recommend'),
    },
    {
      id: 'experiment.new',
      name: 'New experiment',
      group: 'Experiment',
      when: () => datasets.list !== null && datasets.list.length > 0,
      perform: drafts.begin,
    },
    {
      id: 'train.pause',
      name: 'Pause this training',
      group: 'Run',
      when: () => currentJob()?.state === 'running',
      perform: () => jobs.pause(currentJob()!.id),
    },
    {
      id: 'train.cancel',
      name: 'Cancel this training',
      group: 'Run',
      when: () => ['queued', 'running', 'pausing'].includes(currentJob()?.state ?? ''),
      perform: () => jobs.cancel(currentJob()!.id),
    },
    {
      id: 'train.resume',
      name: 'Resume this training',
      group: 'Run',
      when: () => context.runManifest !== null && isResumable(context.runManifest.state),
      perform: async () => {
        await jobs.resume(context.run!)
        await go('train')
      },
    },
    {
      id: 'run.report',
      name: 'Make a report of this run',
      group: 'Run',
      when: () => context.runManifest?.state === 'completed',
      perform: async () => void (await router.push({ name: 'report', query: { run: context.run! } })),
    },
    {
      id: 'run.reproduce',
      name: 'Reproduce this run…',
      group: 'Run',
      when: () => context.runManifest?.state === 'completed',
      perform: () => reproduce.begin({ kind: 'run', run: context.run! }),
    },
    {
      id: 'report.reproduce',
      name: 'Reproduce a report…',
      group: 'Report',
      perform: reproduce.beginWithFile,
    },
    ...(
      [
        ['model', 'Export model…', 'score'],
        ['lists', 'Export lists of all users…', 'score'],
        ['graph', 'Export graph…', 'graph'],
      ] as const
    ).map(([subject, name, capability]): Action => ({
      id: `run.export-${subject}`,
      name,
      group: 'Run',
      when: capableOf(capability),
      perform: () => void (workbench.exporting = subject),
    })),
    {
      id: 'run.remove',
      name: 'Remove this run…',
      group: 'Run',
      when: () => context.runManifest !== null,
      perform: async () => {
        const run = context.run!
        if (
          await confirmRemoval(
            `the run ${run}`,
            'Its parameters, metrics, checkpoint and graph are deleted. This cannot be undone.',
          )
        )
          await runs.remove(run)
      },
    },
    ...(['light', 'dark', 'system'] as const).map((theme): Action => ({
      id: `theme.${theme}`,
      name: theme === 'system' ? 'Use the theme of the system' : `Use the ${theme} theme`,
      group: 'Settings',
      when: () => settings.theme !== theme,
      perform: () => void (settings.theme = theme),
    })),
    {
      id: 'backends.probe',
      name: 'Probe the backends again',
      group: 'Settings',
      perform: async () => {
        await workspace.refreshProbe()
        if (workspace.probe) notices.announce(`Backends probed; ${workspace.probe.chosen} is chosen.`)
      },
    },
  ]
}
