import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'
import { z } from 'zod'
import type { RequestInput } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import { reportSections, type ReportSectionId, type ReportSubject } from '../../src-shared/domain/report'
import { saveBlob } from '../charts/save'
import { plain, request, useConnection } from '../client'
import { saveText } from '../files'
import { useContextStore } from './context-store'
import { persistedRef } from './persisted'
import { createSnapshot } from './snapshot'
import { useWorkspaceStore } from './workspace-store'

const draftSchema = z.object({
  about: z.enum(['run', 'experiment', 'comparison']),
  experiment: z.string().nullable(),
  runs: z.array(z.string()),
  metrics: z.array(z.string()).min(1),
  /** Sections that are there and were taken out; those that come to be there later are in. */
  left: z.array(z.enum(reportSections)),
  /** By what the report is of: a summary of one is none of another. */
  words: z.record(z.string(), z.object({ title: z.string(), summary: z.string() })),
  aggregatesOnly: z.boolean(),
})
type Draft = z.infer<typeof draftSchema>

const fresh: Draft = {
  about: 'run',
  experiment: null,
  runs: [],
  metrics: ['ndcg@10', 'recall@10'],
  left: [],
  words: {},
  aggregatesOnly: false,
}

export type ReportForm = 'html' | 'pdf' | 'markdown'
type Options = RequestInput<'report:html'>

/** Whoever is typing is let finish a word. */
const typingPauseMs = 400

/** The report that is being composed, kept for each workspace, with its preview and where its files went. */
export const useReportStore = defineStore('report', () => {
  const workspace = useWorkspaceStore()
  const context = useContextStore()

  const drafts = persistedRef('causeway:report', z.record(z.string(), draftSchema), {})
  const place = computed(() => workspace.info?.path ?? null)
  const draft = computed<Draft>(() => (place.value === null ? null : drafts.value[place.value]) ?? fresh)
  /** What was asked for before it was known which workspace this is. */
  let early: Partial<Draft> = {}
  function change(part: Partial<Draft>): void {
    if (place.value === null) early = { ...early, ...part }
    else drafts.value = { ...drafts.value, [place.value]: { ...draft.value, ...part } }
  }
  watch(place, () => {
    change(early)
    if (place.value !== null) early = {}
  })

  /** Null where nothing is chosen that a report could be of. */
  const subject = computed<ReportSubject | null>(() => {
    const { about, experiment, runs, metrics } = draft.value
    if (place.value === null) return null
    if (about === 'run')
      return context.run === null || context.runManifest?.state !== 'completed'
        ? null
        : { kind: 'run', run: context.run }
    if (about === 'experiment') return experiment === null ? null : { kind: 'experiment', experiment }
    if (runs.length === 0) return null
    return {
      kind: 'comparison',
      comparison: { runs, metrics, users: { kind: 'all' }, baseline: null, level: 0.95 },
    }
  })
  const subjectKey = computed(() => JSON.stringify(subject.value))
  /** The same whatever the metrics of a comparison are. */
  const wordsKey = computed(() => {
    const of = subject.value
    if (of?.kind === 'run') return `run ${of.run}`
    if (of?.kind === 'experiment') return `experiment ${of.experiment}`
    return `runs ${draft.value.runs.join(' ')}`
  })
  const words = computed({
    get: () => draft.value.words[wordsKey.value] ?? { title: '', summary: '' },
    set: (own) => change({ words: { ...draft.value.words, [wordsKey.value]: own } }),
  })

  const sections = createSnapshot(async (of: ReportSubject) => ({
    of: JSON.stringify(of),
    choices: await request('report:sections', { subject: plain(of) }),
  }))
  const chosen = computed<ReportSectionId[]>(() =>
    (sections.value.value?.choices ?? [])
      .filter(({ id, missing }) => missing === null && !draft.value.left.includes(id))
      .map(({ id }) => id),
  )
  /** Null until it is known what there is. */
  const options = computed<Options | null>(() => {
    if (subject.value === null || sections.value.value?.of !== subjectKey.value) return null
    const { title, summary } = words.value
    const { aggregatesOnly } = draft.value
    return plain({
      subject: subject.value,
      sections: chosen.value,
      ...(title.trim() === '' ? {} : { title: title.trim() }),
      summary,
      aggregatesOnly,
    })
  })

  const preview = createSnapshot(async (asked: Options) => ({
    of: JSON.stringify(asked),
    ...(await request('report:html', asked)),
  }))
  /** What is shown is not what is asked for now. */
  const outOfDate = computed(() => preview.value.value?.of !== JSON.stringify(options.value))

  /** The view is open: only then are previews made. */
  const inView = shallowRef(false)
  watch(
    [inView, subjectKey],
    ([open]) => {
      saved.value = null
      if (subject.value === null) {
        sections.clear()
        preview.clear()
      } else if (open) void sections.refresh(subject.value)
    },
    { flush: 'post' },
  )
  let typing: ReturnType<typeof setTimeout> | undefined
  watch(
    [inView, () => JSON.stringify(options.value)],
    () => {
      clearTimeout(typing)
      if (!inView.value || options.value === null || !outOfDate.value) return
      // The first page comes at once.
      typing = setTimeout(refreshPreview, preview.value.value === null ? 0 : typingPauseMs)
    },
    { flush: 'post' },
  )
  function refreshPreview(): void {
    if (options.value !== null) void preview.refresh(options.value)
  }
  function refresh(): void {
    if (subject.value === null) return
    void sections.refresh(subject.value).then(refreshPreview)
  }

  const connection = useConnection()
  connection.onConnected(() => {
    if (inView.value && (sections.error.value ?? preview.error.value)) refresh()
  })
  // Masks, names and results of a run go into its report.
  connection.on('run:annotated', ({ run }) => {
    const of = subject.value
    const concerned =
      of?.kind === 'run' ? of.run === run : of?.kind === 'comparison' && of.comparison.runs.includes(run)
    if (inView.value && (concerned || of?.kind === 'experiment')) refresh()
  })

  /** The file being made. */
  const saving = shallowRef<ReportForm | null>(null)
  const saved = shallowRef<{ name: string; sizeBytes: number } | null>(null)
  const saveError = shallowRef<CausewayError | null>(null)

  /** Makes the file and hands it to the browser's download. */
  async function save(form: ReportForm): Promise<void> {
    if (options.value === null || saving.value !== null) return
    saving.value = form
    saved.value = null
    saveError.value = null
    try {
      saved.value = await savers[form](options.value)
    } catch (thrown) {
      saveError.value = CausewayError.from(thrown)
    } finally {
      saving.value = null
    }
  }

  function toggle(section: ReportSectionId): void {
    const { left } = draft.value
    change({ left: left.includes(section) ? left.filter((one) => one !== section) : [...left, section] })
  }

  return {
    draft,
    change,
    toggle,
    subject,
    words,
    sections: sections.value,
    sectionsError: sections.error,
    chosen,
    options,
    preview: preview.value,
    previewError: preview.error,
    previewing: computed(() => preview.loading.value || sections.loading.value),
    outOfDate,
    inView,
    refresh,
    save,
    saving,
    saved,
    saveError,
  }
})

const savers: Record<ReportForm, (options: Options) => Promise<{ name: string; sizeBytes: number }>> = {
  html: async (options) => {
    const { name, html } = await request('report:html', options)
    return savedText(`${name}.html`, html, 'text/html')
  },
  markdown: async (options) => {
    const { name, markdown } = await request('report:markdown', options)
    return savedText(`${name}.md`, markdown, 'text/markdown')
  },
  pdf: async (options) => {
    const { name, mediaType, bytes } = await request('report:pdf', options)
    // A copy of its own: what came over the line may be a view of something larger.
    saveBlob(new Blob([new Uint8Array(bytes)], { type: mediaType }), name)
    return { name, sizeBytes: bytes.byteLength }
  },
}

function savedText(name: string, text: string, type: string): { name: string; sizeBytes: number } {
  saveText(name, text, type)
  return { name, sizeBytes: new Blob([text]).size }
}
