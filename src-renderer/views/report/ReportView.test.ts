// @vitest-environment happy-dom
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { getActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { RequestInput } from '../../../src-shared/contract/contract'
import { CausewayError } from '../../../src-shared/contract/errors'
import type { MethodInfo } from '../../../src-shared/domain/method'
import { reportSections, type ReportSectionChoice } from '../../../src-shared/domain/report'
import { router } from '../../router'
import { useContextStore } from '../../stores/context-store'
import { useSettingsStore } from '../../stores/settings-store'
import { connectServices, eventually, runOf, type ServicesEnd } from '../../testing/pipe'
import ReportView from './ReportView.vue'

const choices: ReportSectionChoice[] = reportSections.map((id) => ({
  id,
  title: `Title of ${id}`,
  help: `Help of ${id}`,
  missing: id === 'comparison' ? 'There is one run only.' : null,
}))

let services: ServicesEnd
let wrapper: VueWrapper
const asked: RequestInput<'report:html'>[] = []
const saved: { name: string; blob: Blob }[] = []

async function view(query: Record<string, string> = {}): Promise<void> {
  await router.push({ name: 'report', query })
  wrapper = mount(ReportView, { attachTo: document.body, global: { plugins: [getActivePinia()!, router] } })
  await flushPromises()
}
const frame = (): string => wrapper.get('iframe').attributes('srcdoc')!
const last = (): RequestInput<'report:html'> => asked.at(-1)!
const box = (section: string) => wrapper.get<HTMLInputElement>(`input[aria-describedby="report-section-${section}"]`)
const button = (label: string) => wrapper.findAll('header button').find((one) => one.text() === label)!

beforeEach(() => {
  asked.length = 0
  saved.length = 0
  services = connectServices({
    'workspace:info': () => ({ path: '/w', causeway: '0', readOnly: false, empty: false, shell: 'web' }),
    'runs:list': () => [runOf(), runOf({ id: 'run-2' })],
    'data:list': () => [],
    'experiments:list': () => [],
    'train:methods': () => [{ id: 'csc', label: 'CSC', capabilities: ['score'] } as unknown as MethodInfo],
    'report:sections': () => choices,
    'report:html': (input) => {
      asked.push(input)
      const { title = 'untitled', subject } = input
      return {
        name: 'report-x',
        html: `<html lang="en"><meta charset="utf-8"><h1>${title} ${JSON.stringify(subject)}</h1>`,
      }
    },
    'report:pdf': () => ({
      name: 'report-x.pdf',
      mediaType: 'application/pdf',
      bytes: new Uint8Array([37, 80, 68, 70]),
    }),
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

describe('Report', () => {
  it('shows the run in the context in a frame that runs nothing, and sections that are missing with their reason', async () => {
    await view()
    useContextStore().run = 'run-1'
    await eventually(() => expect(frame()).toContain('run-1'))
    expect(wrapper.get('iframe').attributes('sandbox')).toBe('')
    // Links within the page stay within the frame.
    expect(frame()).toContain('<base href="about:srcdoc">')
    useSettingsStore().theme = 'dark'
    await eventually(() => expect(frame()).toContain('data-theme="dark"'))
    expect(last().sections).toEqual(reportSections.filter((id) => id !== 'comparison'))
    expect(box('comparison').element.disabled).toBe(true)
    expect(wrapper.get('#report-section-comparison').text()).toBe('There is one run only.')
  })

  it('is composed: sections, words and privacy go into the preview, and are there again after a reload', async () => {
    await view()
    useContextStore().run = 'run-1'
    await eventually(() => expect(wrapper.find('iframe').exists()).toBe(true))
    await box('training').setValue(false)
    await wrapper.get('input[placeholder^="Left empty"]').setValue('My title')
    await wrapper.get('textarea').setValue('What I found')
    await wrapper.get('input[aria-describedby="report-aggregates"]').setValue(true)
    await eventually(() => expect(frame()).toContain('My title'))
    expect(last()).toMatchObject({ title: 'My title', summary: 'What I found', aggregatesOnly: true })
    expect(last().sections).not.toContain('training')
    const kept = JSON.parse(localStorage.getItem('causeway:report')!) as Record<string, unknown>
    expect(kept['/w']).toMatchObject({ left: ['training'], aggregatesOnly: true })
    // Words about one run are none about another.
    useContextStore().run = 'run-2'
    await eventually(() => expect(frame()).toContain('run-2'))
    expect(last()).not.toHaveProperty('title')
    expect(last().summary).toBe('')
    expect(last().sections).not.toContain('training')
  })

  it('is of what another view asked for', async () => {
    await view({ runs: 'run-1,run-2' })
    await eventually(() => expect(last()?.subject.kind).toBe('comparison'))
    expect(last().subject).toMatchObject({ comparison: { runs: ['run-1', 'run-2'] } })
    expect(router.currentRoute.value.query).toEqual({})
    await router.push({ name: 'report', query: { experiment: 'Two methods' } })
    await eventually(() => expect(last().subject).toEqual({ kind: 'experiment', experiment: 'Two methods' }))
    await router.push({ name: 'report', query: { run: 'run-2' } })
    await eventually(() => expect(last().subject).toEqual({ kind: 'run', run: 'run-2' }))
  })

  it('leaves as a file and says where it went', async () => {
    await view({ run: 'run-1' })
    await eventually(() => expect(wrapper.find('iframe').exists()).toBe(true))
    await button('PDF').trigger('click')
    await eventually(() => expect(wrapper.get('[role=status]').text()).toContain('report-x.pdf'))
    expect(saved).toHaveLength(1)
    expect(saved[0]).toMatchObject({ name: 'report-x.pdf', blob: { type: 'application/pdf', size: 4 } })
    await button('HTML').trigger('click')
    await eventually(() => expect(saved.at(-1)!.name).toBe('report-x.html'))
    // The file is the report, not its preview.
    expect(await saved.at(-1)!.blob.text()).not.toContain('<base')
  })

  it('says what to install where no PDF can be made, and keeps the preview', async () => {
    services.answers['report:pdf'] = () => {
      throw new CausewayError('notAvailable', 'A PDF is printed by a browser, and none was found. Install Chromium.')
    }
    await view({ run: 'run-1' })
    await eventually(() => expect(wrapper.find('iframe').exists()).toBe(true))
    await button('PDF').trigger('click')
    await eventually(() => expect(wrapper.get('[role=alert]').text()).toContain('Install Chromium'))
    expect(wrapper.find('iframe').exists()).toBe(true)
  })

  it('says what is to be chosen first, and offers no file of nothing', async () => {
    await view({ runs: 'run-1' })
    await eventually(() => expect(wrapper.find('iframe').exists()).toBe(true))
    await router.push({ name: 'report', query: { experiment: 'x' } })
    services.answers['report:sections'] = () => {
      throw new CausewayError('notFound', 'There is no experiment "x".')
    }
    await eventually(() => expect(wrapper.text()).toContain('There is no experiment "x".'))
    expect(button('HTML').attributes('disabled')).toBeDefined()
  })
})
