import type { Locator, Page } from '@playwright/test'

/** Where things are: locators by role and name, one place for all specs. */
export class Workbench {
  constructor(readonly page: Page) {}

  readonly view = (name: string): Locator => this.page.getByRole('navigation').getByRole('link', { name })
  readonly button = (name: string | RegExp): Locator => this.page.getByRole('button', { name })

  // Data
  readonly importDialog = (): Locator => this.page.getByRole('dialog', { name: 'Import data' })
  readonly datasetName = (): Locator => this.importDialog().getByLabel('Name of the data set')

  // Train
  readonly setup = (): Locator => this.page.getByRole('region', { name: 'What to train' })
  readonly param = (key: string): Locator => this.page.locator(`[data-param="${key}"] input`)
  readonly seed = (): Locator => this.setup().getByLabel('Seed', { exact: true })
  readonly run = (): Locator => this.page.getByRole('region', { name: 'Run in view' })
  readonly state = (): Locator => this.run().locator('.state-badge')
  readonly progress = (): Locator => this.run().getByRole('progressbar')
  readonly metric = (name: string): Locator => this.run().locator(`[data-metric="${name}"]`)
  readonly log = (): Locator => this.page.getByRole('list', { name: 'Log' })
  readonly chart = (title: string): Locator => this.run().getByRole('figure', { name: title })

  // Graph
  readonly matrix = (): Locator => this.page.getByRole('grid')
  readonly inspector = (): Locator => this.page.getByRole('region', { name: 'Inspector', exact: true })
  readonly graphStatement = (): Locator => this.page.getByRole('region', { name: 'Graph' }).locator('.statement')

  readonly matrixNode = (name: string): Locator =>
    this.matrix().getByRole('rowheader').getByRole('button', { name, exact: true })
  readonly changes = (): Locator => this.page.getByRole('list', { name: 'Changes of the mask' }).getByRole('listitem')
  readonly masks = (): Locator => this.page.getByRole('dialog', { name: 'Masks' })

  // Domain graphs
  readonly domainText = (): Locator => this.page.getByLabel('The graph as DAGitty text')
  readonly domainCanvas = (): Locator => this.page.getByRole('application', { name: /^Domain graph/ })
  readonly domainAnswers = (): Locator => this.page.getByRole('region', { name: 'Answers' })
  /** What is chosen on the canvas, in words. */
  readonly domainChoice = (): Locator => this.page.getByRole('region', { name: 'Canvas' }).getByRole('status').first()
  readonly variableName = (): Locator => this.page.getByLabel('Name of the variable', { exact: true })

  // Effects
  readonly effects = (): Locator => this.page.getByRole('region', { name: 'Effects', exact: true })
  readonly effectsTab = (name: string): Locator => this.effects().getByRole('tab', { name })
  readonly listAfter = (): Locator => this.effects().getByRole('region', { name: 'List after' }).getByRole('listitem')
  readonly quantity = (id: string): Locator => this.effects().locator(`[data-quantity="${id}"]`)

  // Recommend
  readonly userSearch = (): Locator => this.page.getByRole('combobox', { name: 'Search a user id' })
  readonly items = (label: 'History' | 'Recommended items'): Locator =>
    this.page.getByRole('region', { name: label }).locator('tbody:not([aria-hidden]) tr')

  // Experiments
  readonly trials = (): Locator => this.page.getByRole('table', { name: 'Trials' }).locator('tr.trial')
  readonly experimentState = (): Locator => this.page.locator('.experiment-page .state-badge').first()

  // Compare
  readonly runRow = (text: string | RegExp): Locator =>
    this.page.getByRole('grid', { name: 'Runs' }).getByRole('row').filter({ hasText: text })
  readonly comparisonGroups = (): Locator =>
    this.page.getByRole('group', { name: 'Groups and metrics' }).locator('tbody:not([aria-hidden]) tr')
}
