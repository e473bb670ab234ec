// @vitest-environment happy-dom
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { unzipSync } from 'fflate'
import { getActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { RequestInput } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import type { ExportedLists } from '../../src-shared/domain/exported'
import { noAnnotations } from '../../src-shared/domain/graph'
import type { MethodInfo } from '../../src-shared/domain/method'
import { useMethodsStore } from '../stores/methods-store'
import { connectServices, eventually, runOf, type ServicesEnd } from '../testing/pipe'
import type { ExportSubject } from './export-formats'
import ExportDialog from './ExportDialog.vue'

const method = {
  id: 'csc',
  label: 'CSC',
  capabilities: ['score', 'graph', 'mask', 'export'],
} as unknown as MethodInfo
const factors = [
  [1, 0],
  [1, 1],
]

let services: ServicesEnd
let wrapper: VueWrapper
let saved: { name: string; blob: Blob }[]
let models: RequestInput<'export:model'>[]

beforeEach(() => {
  saved = []
  models = []
  services = connectServices({
    'runs:list': () => [runOf()],
    'data:list': () => [],
    'jobs:list': () => [],
    'train:methods': () => [method],
    'graph:annotations': () => ({ ...noAnnotations, names: { c1: 'Price' } }),
    'graph:global': () => ({
      type: 'causal-graph',
      version: 1,
      nodes: ['c1', 'c2'],
      probabilities: [
        [0, 0.9],
        [0.6, 0],
      ],
      meanStrengths: null,
    }),
    'masks:list': () => [
      {
        mask: { type: 'causeway-mask', version: 1, name: 'no price', notes: '', nodes: ['c1', 'c2'], factors },
        savedAt: '2026-01-01T10:00:00.000Z',
      },
    ],
    'export:model': (input) => {
      models.push(input)
      return [{ name: 'model.onnx', mediaType: 'application/octet-stream', bytes: Uint8Array.of(1, 2, 3) }]
    },
  })
  vi.spyOn(URL, 'createObjectURL').mockImplementation((blob) => {
    saved.push({ name: '', blob: blob as Blob })
    return 'blob:test'
  })
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    saved.at(-1)!.name = this.download
  })
})
afterEach(() => {
  wrapper.unmount()
  vi.restoreAllMocks()
})

async function open(subject: ExportSubject): Promise<void> {
  await useMethodsStore().refresh()
  wrapper = mount(ExportDialog, {
    props: { run: runOf(), modelValue: subject },
    attachTo: document.body,
    global: { plugins: [getActivePinia()!] },
  })
  await eventually(() => expect(wrapper.find('select').exists()).toBe(true))
}
const submit = async (): Promise<void> => {
  await wrapper.get('form.export').trigger('submit')
  await flushPromises()
}
const button = (text: string) => wrapper.findAll('button').find((one) => one.text() === text)

describe('the export of a run', () => {
  it('saves the model under a saved mask as one zip, and names what is in it', async () => {
    await open('model')
    await eventually(() => expect(wrapper.get('select').text()).toContain('no price'))
    await wrapper.get('select').setValue('saved no price')
    await eventually(() => expect(wrapper.text()).toContain('Price acts on nothing'))
    await submit()
    await eventually(() => expect(saved.map(({ name }) => name)).toEqual(['run-1-onnx.zip']))
    expect(models).toEqual([{ run: 'run-1', format: 'onnx', mask: factors }])
    expect(unzipSync(new Uint8Array(await saved[0]!.blob.arrayBuffer()))['model.onnx']).toEqual(Uint8Array.of(1, 2, 3))
    await eventually(() => expect(wrapper.text()).toContain('model.onnx, 3 B'))
  })

  it('shows how far the lists are, and stops them', async () => {
    let asked: RequestInput<'export:topK'> | null = null
    let fail: (error: Error) => void = () => undefined
    services.answers['export:topK'] = (input) => {
      asked = input
      return new Promise<ExportedLists>((_, reject) => (fail = reject))
    }
    services.answers['intervene:stop'] = ({ task }) => {
      expect(task).toBe(asked!.task)
      fail(new CausewayError('cancelled', 'Withdrawn.'))
      return null
    }
    await open('lists')
    await submit()
    await eventually(() => expect(asked).not.toBeNull())
    services.send('intervene:progress', { task: asked!.task, stage: 'Lists of 60 users', fraction: 0.5 })
    await eventually(() => expect(wrapper.text()).toContain('Lists of 60 users, 50 %'))
    await button('Cancel')!.trigger('click')
    await eventually(() => expect(wrapper.text()).toContain('Stopped: nothing was saved.'))
    expect(saved).toEqual([])
  })

  it('saves the graph, with what was left out in words', async () => {
    await open('graph')
    await wrapper.get('input[value=tetrad]').setValue(true)
    await wrapper.get('input[type=number]').setValue('0.7')
    await submit()
    await eventually(() => expect(saved.map(({ name }) => name)).toEqual(['graph-of-run-1.tetrad.txt']))
    expect(await saved[0]!.blob.text()).toContain('1. Price --> c2 [edge]:0.9')
    expect(wrapper.text()).toContain('1 of 2 possible edges')
  })

  it('offers only weights for a method whose scoring function cannot be written', async () => {
    services.answers['train:methods'] = () => [{ ...method, capabilities: ['score', 'graph', 'mask'] }]
    await open('model')
    expect((wrapper.get('input[value=onnx]').element as HTMLInputElement).disabled).toBe(true)
    await submit()
    await eventually(() => expect(models).toEqual([{ run: 'run-1', format: 'safetensors', mask: null }]))
  })
})
