import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RequestInput, RequestName, RequestOutput } from '../../src-shared/contract/contract'
import { unwrap } from '../../src-shared/contract/errors'
import { answer } from '../../src-shared/contract/rpc'
import type { ExperimentDetail, Trial } from '../../src-shared/domain/experiment'
import type { JobSnapshot } from '../../src-shared/domain/job'
import { builtEntries } from '../../tests/support/built'
import { writeTinyInteractions } from '../../tests/support/tiny-interactions'
import { createServices, type Services } from '../api/create-services'
import { FileRegistry } from '../api/file-registry'
import { experimentFiles, experimentsDirectory } from '../storage/layout'
import { openWorkspace } from '../storage/workspace'

/** Experiments end to end: real trainings of tiny models. */

let directory: string
let workspace: string
let services: Services
let files: FileRegistry

function open(): void {
  files = new FileRegistry()
  services = createServices({
    workspace: openWorkspace(workspace, 'write'),
    shell: 'cli',
    files,
    entries: builtEntries(),
  })
}

const request = async <N extends RequestName>(name: N, input: RequestInput<N>): Promise<RequestOutput<N>> =>
  unwrap(await answer(services.handlers, name, input)) as RequestOutput<N>

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'causeway-experiments-'))
  workspace = join(directory, 'workspace')
  open()
  const { interactions } = writeTinyInteractions(directory)
  const job = await request('data:import', { files: [files.add(interactions).id], name: 'tiny' })
  expect((await services.jobs.ended(job.id)).state).toBe('completed')
}, 60_000)
afterEach(async () => {
  await services.close()
  rmSync(directory, { recursive: true, force: true })
})

interface Parts {
  name?: string
  methods?: string
  search?: string
  seeds?: string
  budget?: string
}

const small = 'patience: 10000, hidden: 12, latent: 6'
/** With a learning rate near 1 the first epoch diverges. */
const diverges = 'confounders: 2, batchSize: 8'
const multiVae = `
  - method: multi-vae
    params: { ${small} }
    search: { learningRate: [0.001, 0.02] }`
const twoMethods = `${multiVae}
  - method: csc
    params: { patience: 1000, batchSize: 16, confounders: 2 }
    search: { learningRate: [0.001, 0.01] }`

const fileOf = ({
  name = 'two',
  methods = twoMethods,
  search = 'seed: 100',
  seeds = '[1, 2]',
  budget = 'trialsPerMethod: 2, epochsPerTrial: 3',
}: Parts): string =>
  `type: causeway-experiment
version: 1
name: ${name}
data: { dataset: tiny }
methods: ${methods}
search: { ${search} }
seeds: ${seeds}
budget: { ${budget} }
backend: wasm
`

const start = async (text: string): Promise<JobSnapshot> => {
  const { name } = await request('experiments:save', { text, replace: true })
  return request('experiments:start', { experiment: name })
}

/** Runs a file to its end. */
const run = async (text: string): Promise<{ job: JobSnapshot; detail: ExperimentDetail }> => {
  const job = await start(text)
  const ended = await services.jobs.ended(job.id)
  return { job: ended, detail: await request('experiments:get', { experiment: ended.experiment! }) }
}

/** What must be the same however often a search was interrupted. */
const outcome = ({ label, phase, params, seed, state, objective, epochs, reason }: Trial) => ({
  label,
  phase,
  params,
  seed,
  state,
  objective,
  epochs,
  reason,
})

/** Resolves once the experiment has a trial that runs for at least that many epochs. */
const trialAt = (experiment: string, number: number, epochs: number): Promise<Trial> =>
  new Promise((resolve, reject) => {
    const unsubscribe = services.events.subscribe((name) => {
      if (name !== 'experiment:changed' && name !== 'run:points') return
      request('experiments:get', { experiment }).then(({ trialList }) => {
        const trial = trialList.find((candidate) => candidate.number === number)
        if (!trial || trial.state !== 'running' || trial.epochs < epochs) return
        unsubscribe()
        resolve(trial)
      }, reject)
    })
  })

/** Process ids of the trainers this process has started. */
const trainers = (): number[] =>
  execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null && Number(match[2]) === process.pid && match[3]!.includes('trainer.js'))
    .map((match) => Number(match![1]))

// Long enough to be stopped in the middle, whatever the machine.
const longBudget = 'trialsPerMethod: 2, epochsPerTrial: 150'
const longMethod = `
  - method: multi-vae
    params: { ${small}, epochs: 150 }
    search: { learningRate: [0.001, 0.02] }`
/** Its first trial goes on until it is stopped; the others are short. */
const endless = (name: string): string =>
  fileOf({
    name,
    methods: `
  - method: multi-vae
    params: { ${small} }
    search: { epochs: [10000, 4] }`,
    seeds: '[1]',
    budget: 'trialsPerMethod: 2, epochsPerTrial: 10000',
  })
const long = (name: string): string => fileOf({ name, methods: longMethod, seeds: '[1]', budget: longBudget })

describe('an experiment', () => {
  it('searches each method with the same budget and trains the best parameters on every seed', async () => {
    const { job, detail } = await run(fileOf({}))
    expect(job).toMatchObject({ kind: 'experiment', state: 'completed', experiment: 'two', error: null })
    expect(detail.trials).toEqual({ planned: 8, completed: 8, pruned: 0, failed: 0 })
    expect(detail.trialList.map(({ number, label, phase, seed }) => [number, label, phase, seed])).toEqual([
      [1, 'multi-vae', 'search', 100],
      [2, 'multi-vae', 'search', 100],
      [3, 'csc', 'search', 100],
      [4, 'csc', 'search', 100],
      [5, 'multi-vae', 'final', 1],
      [6, 'csc', 'final', 1],
      [7, 'multi-vae', 'final', 2],
      [8, 'csc', 'final', 2],
    ])
    // The same budget: as many trials, as many epochs.
    for (const trial of detail.trialList) expect(trial).toMatchObject({ epochs: 3, params: { epochs: 3 } })
    for (const label of ['multi-vae', 'csc']) {
      const search = detail.trialList.filter((trial) => trial.label === label && trial.phase === 'search')
      const best = search.reduce((a, b) => (b.objective! > a.objective! ? b : a))
      expect(detail.best[label]).toEqual({ params: best.params, objective: best.objective, trial: best.number })
      for (const trial of detail.trialList)
        if (trial.label === label && trial.phase === 'final') expect(trial.params).toEqual(best.params)
    }
    for (const trial of detail.trialList) {
      const { manifest, points } = await request('runs:get', { run: trial.run! })
      expect(manifest).toMatchObject({
        state: 'completed',
        seed: trial.seed,
        params: trial.params,
        backend: 'wasm',
        experiment: { name: 'two', trial: trial.number, phase: trial.phase, label: trial.label },
      })
      expect(trial.objective).toBe(Math.max(...points.map(({ values }) => values['ndcg@10']!)))
    }
    // Run once more, there is nothing left to do.
    expect((await run(fileOf({}))).detail.trialList).toEqual(detail.trialList)
    // Under another name and without the other method, the same numbers.
    const again = await run(fileOf({ name: 'again', methods: multiVae, seeds: '[1]' }))
    expect(again.detail.trialList.map(outcome)).toEqual(
      detail.trialList.filter(({ label, seed }) => label === 'multi-vae' && seed !== 2).map(outcome),
    )
  }, 120_000)

  it('lets a trial fail alone, and a method whose search fails, with its reason', async () => {
    const diverging = `
  - method: csc
    params: { ${diverges} }
    search: { learningRate: [1, 0.01] }
  - method: csc
    label: hopeless
    params: { ${diverges} }
    search: { learningRate: [1, 0.9] }`
    const { job, detail } = await run(fileOf({ methods: diverging }))
    expect(job.state).toBe('completed')
    const diverged = { code: 'diverged', message: expect.stringContaining('The training diverged') }
    expect(detail.trialList.map(({ label, phase, state }) => `${label} ${phase} ${state}`)).toEqual([
      'csc search failed',
      'csc search completed',
      'hopeless search failed',
      'hopeless search failed',
      'csc final completed',
      'hopeless final failed',
      'csc final completed',
      'hopeless final failed',
    ])
    expect(detail.trialList[0]!.reason).toEqual(diverged)
    expect(detail.trialList[5]!.reason).toEqual({
      code: 'diverged',
      message: expect.stringMatching(
        /^No search trial of hopeless came to a value of NDCG@10; the last one: The training diverged/,
      ),
    })
    expect(detail.best).toEqual({ csc: expect.objectContaining({ trial: 2 }) })
    expect(detail.trials).toEqual({ planned: 8, completed: 3, pruned: 0, failed: 5 })
  }, 120_000)

  it('in which no final trial completes has failed, and says why', async () => {
    const methods = `
  - method: csc
    params: { ${diverges}, learningRate: 1 }`
    const { job } = await run(fileOf({ methods, seeds: '[1]' }))
    expect(job).toMatchObject({
      state: 'failed',
      error: { code: 'experimentFailed', message: expect.stringContaining('The training diverged') },
    })
  }, 60_000)

  it('goes on when the process of a trial dies: that trial fails alone', async () => {
    const job = await start(endless('dying'))
    await trialAt('dying', 1, 2)
    for (const pid of trainers()) process.kill(pid, 'SIGKILL')
    expect((await services.jobs.ended(job.id)).state).toBe('completed')
    const { trialList } = await request('experiments:get', { experiment: 'dying' })
    expect(trialList.map(({ state }) => state)).toEqual(['failed', 'completed', 'completed'])
    expect(trialList[0]!.reason).toMatchObject({ code: 'processDied' })
  }, 120_000)

  it('ends hopeless trials early, with the reason', async () => {
    const methods = `
  - method: multi-vae
    params: { ${small} }
    search: { learningRate: [0.01, 0.02, 0.03, 0.04, 0.0000001] }`
    const { detail } = await run(
      fileOf({ methods, seeds: '[1]', budget: 'trialsPerMethod: 5, epochsPerTrial: 40', search: 'seed: 100' }),
    )
    const hopeless = detail.trialList[4]!
    expect(hopeless).toMatchObject({ state: 'pruned', epochs: 5, reason: { code: 'hopeless' } })
    expect(hopeless.reason!.message).toMatch(
      /^Ended at epoch 5: its best NDCG@10 so far, 0\.\d{4}, is below 0\.\d{4}, the median of the 4 finished trials by that epoch\.$/,
    )
    expect(detail.trials).toMatchObject({ pruned: 1, failed: 0 })
    expect(detail.best['multi-vae']!.trial).not.toBe(5)
  }, 120_000)
})

describe('an experiment with a limit in minutes', () => {
  it('ends the search of a method once they are spent, and trains the best it has', async () => {
    const methods = `
  - method: multi-vae
    params: { ${small} }
    search: { epochs: [4, 10000, 5] }`
    const text = fileOf({
      methods,
      seeds: '[1]',
      budget: 'trialsPerMethod: 3, epochsPerTrial: 10000, searchMinutesPerMethod: 0.05',
    })
    const job = await start(text)
    // The final trial may be of the parameters that take for ever.
    await Promise.race([trialAt('two', 3, 1), services.jobs.ended(job.id)])
    const state = (await request('jobs:list', {})).find(({ id }) => id === job.id)!.state
    if (state === 'running') await request('jobs:cancel', { job: job.id })
    await services.jobs.ended(job.id)
    const detail = await request('experiments:get', { experiment: 'two' })
    expect(detail.plan.warnings.at(-1)).toMatch(/^A limit in minutes makes what the search tries depend/)
    const search = detail.trialList.filter(({ phase }) => phase === 'search')
    expect(search.map(({ state }) => state)).toEqual(['completed', 'pruned'])
    expect(search[1]!.reason).toMatchObject({ code: 'searchTimeSpent' })
    expect(search[1]!.epochs).toBeLessThan(10000)
    expect(detail.trialList[2]).toMatchObject({ phase: 'final', params: detail.best['multi-vae']!.params })
  }, 120_000)
})

describe('an experiment that is stopped', () => {
  it('by pause, by cancel and by closing goes on later and ends as if it had never been', async () => {
    const whole = (await run(long('whole'))).detail
    let job = await start(long('parts'))
    const first = await trialAt('parts', 1, 2)
    await request('jobs:pause', { job: job.id })
    expect((await services.jobs.ended(job.id)).state).toBe('paused')
    expect((await request('runs:get', { run: first.run! })).manifest.state).toBe('paused')
    const paused = await request('experiments:get', { experiment: 'parts' })
    expect(paused).toMatchObject({ state: 'paused', trialList: [{ state: 'interrupted', run: first.run }] })

    job = await request('experiments:start', { experiment: 'parts' })
    const second = await trialAt('parts', 2, 2)
    await request('jobs:cancel', { job: job.id })
    expect((await services.jobs.ended(job.id)).state).toBe('cancelled')
    expect((await request('runs:get', { run: second.run! })).manifest.state).toBe('cancelled')

    await request('experiments:start', { experiment: 'parts' })
    await trialAt('parts', 3, 2)
    await services.close()
    open()
    expect(await request('experiments:get', { experiment: 'parts' })).toMatchObject({ state: 'interrupted' })

    const { detail } = await run(long('parts'))
    expect(detail.state).toBe('completed')
    expect(detail.trialList.map(outcome)).toEqual(whole.trialList.map(outcome))
    expect(detail.trialList[0]!.run).toBe(first.run)
    const metricsOf = async ({ trialList }: ExperimentDetail) =>
      (await request('runs:get', { run: trialList.at(-1)!.run! })).manifest.metrics
    expect(await metricsOf(detail)).toEqual(await metricsOf(whole))
  }, 180_000)

  it('trains a trial again whose run was removed meanwhile', async () => {
    const job = await start(long('removed'))
    const first = await trialAt('removed', 1, 2)
    await request('jobs:pause', { job: job.id })
    await services.jobs.ended(job.id)
    await request('runs:remove', { run: first.run! })
    const { detail } = await run(long('removed'))
    expect(detail.trialList.map(({ state }) => state)).toEqual(['completed', 'completed', 'completed'])
    expect(detail.trialList[0]!.run).not.toBe(first.run)

    const final = detail.trialList[2]!
    await request('runs:remove', { run: final.run! })
    const again = await run(long('removed'))
    expect(again.detail.trialList.map(outcome)).toEqual(detail.trialList.map(outcome))
    expect(again.detail.trialList[2]!.run).not.toBe(final.run)
  }, 180_000)

  it('with its trial, by hand, pauses when the trial is paused, and goes on when it is cancelled', async () => {
    const job = await start(endless('by hand'))
    const first = await trialAt('by hand', 1, 2)
    await request('jobs:pause', { job: first.run! })
    expect((await services.jobs.ended(job.id)).state).toBe('paused')
    await request('experiments:start', { experiment: 'by hand' })
    await trialAt('by hand', 1, 3)
    await request('jobs:cancel', { job: first.run! })
    expect((await services.jobs.ended(job.id)).state).toBe('completed')
    const { trialList } = await request('experiments:get', { experiment: 'by hand' })
    expect(trialList[0]).toMatchObject({ state: 'failed', reason: { code: 'cancelled' } })
    expect(trialList.slice(1).map(({ state }) => state)).toEqual(['completed', 'completed'])
  }, 120_000)

  it('reads a torn last line as if it had not been written', async () => {
    const { detail } = await run(fileOf({ methods: longMethod, seeds: '[1]' }))
    const path = join(experimentsDirectory(workspace), 'two', experimentFiles.trials)
    appendFileSync(path, '{"number":1,"label":"mul')
    expect((await request('experiments:get', { experiment: 'two' })).trialList).toEqual(detail.trialList)
    expect((await run(fileOf({ methods: longMethod, seeds: '[1]' }))).job.state).toBe('completed')
    expect(readFileSync(path, 'utf8').endsWith('}\n')).toBe(true)
    writeFileSync(path, `broken\n${readFileSync(path, 'utf8')}`)
    await expect(request('experiments:get', { experiment: 'two' })).rejects.toMatchObject({ code: 'savedInvalid' })
    expect(await request('experiments:list', {})).toEqual([])
    expect(await request('saved:damaged', { run: null })).toMatchObject([{ what: 'experiment', name: 'two' }])
    await request('experiments:remove', { experiment: 'two' })
    expect(await request('saved:damaged', { run: null })).toEqual([])
  }, 60_000)
})

describe('a saved experiment', () => {
  it('is replaced only before it has trials, and only when that is asked for', async () => {
    await request('experiments:save', { text: fileOf({}) })
    const other = fileOf({ seeds: '[1, 2, 3]' })
    await expect(request('experiments:save', { text: other })).rejects.toMatchObject({ code: 'nameTaken' })
    expect((await request('experiments:save', { text: other, replace: true })).file.seeds).toEqual([1, 2, 3])
    const methods = `
  - method: multi-vae
    params: { ${small}, epochs: 1 }`
    await run(fileOf({ name: 'TWO', methods }))
    await expect(
      request('experiments:save', { text: fileOf({ methods, seeds: '[1, 4]' }), replace: true }),
    ).rejects.toMatchObject({
      code: 'nameTaken',
      message: expect.stringContaining('seeds: [1,2] before, [1,4] now'),
    })
    // Comments are no difference.
    await request('experiments:save', { text: `# Why\n${fileOf({ name: 'TWO', methods })}` })
    expect(await request('experiments:list', {})).toMatchObject([
      { name: 'two', state: 'completed', trials: { planned: 2, completed: 2 } },
    ])
  }, 60_000)

  it('is refused with another data set, and without one', async () => {
    await expect(
      request('experiments:plan', { text: fileOf({}).replace('dataset: tiny', 'dataset: none') }),
    ).rejects.toMatchObject({ code: 'notFound' })
    await expect(
      request('experiments:plan', {
        text: fileOf({}).replace('tiny }', 'tiny, recipe: { validationShare: 0.45, testShare: 0.45 } }'),
      }),
    ).rejects.toMatchObject({ code: 'paramInvalid' })
    const methods = `
  - method: multi-vae
    params: { ${small}, epochs: 1 }`
    await run(fileOf({ methods }))
    await request('data:remove', { dataset: 'tiny' })
    const { interactions } = writeTinyInteractions(directory, 30)
    const job = await request('data:import', { files: [files.add(interactions).id], name: 'tiny' })
    await services.jobs.ended(job.id)
    await expect(request('experiments:start', { experiment: 'two' })).rejects.toMatchObject({ code: 'notResumable' })
  }, 60_000)
})
