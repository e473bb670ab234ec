import { readFile } from 'node:fs/promises'
import { expect, type Locator, type Page } from '@playwright/test'
import { Workbench } from '../pages/workbench'

/** What an analyst does, in verbs; each waits until the workbench shows that it happened. */
export class Analyst {
  readonly sees: Workbench

  constructor(readonly page: Page) {
    this.sees = new Workbench(page)
  }

  /** Brings files in through the browser's file chooser and waits for the data set's card. */
  async importsData(files: string[], name: string): Promise<void> {
    const chooser = this.page.waitForEvent('filechooser')
    await Promise.all([chooser.then((opened) => opened.setFiles(files)), this.importsPickedData(name)])
  }

  /** Brings in what the file dialog gives, and waits for the data set's card. */
  async importsPickedData(name: string): Promise<void> {
    await this.sees.view('Data').click()
    await this.page.keyboard.press('i')
    await this.sees.importDialog().getByRole('button', { name: 'Choose files' }).click()
    await this.sees.datasetName().fill(name)
    await this.sees.importDialog().getByRole('button', { name: 'Import', exact: true }).click()
    await expect(this.sees.importDialog()).toBeHidden({ timeout: 60_000 })
    await expect(this.page.getByRole('heading', { name, exact: true })).toBeVisible()
  }

  /** Chooses the method to train by its name. */
  async choosesMethod(label: string): Promise<void> {
    await this.sees.view('Train').click()
    await this.sees.setup().getByRole('combobox', { name: 'Method' }).press('Enter')
    await this.page.getByRole('option', { name: label }).click()
  }

  /** Fills the form and starts the training of the method in the form. */
  async startsTraining(params: Record<string, string>, seed: string): Promise<void> {
    await this.sees.view('Train').click()
    await this.sees.setup().getByRole('button', { name: 'All parameters' }).click()
    for (const [key, value] of Object.entries(params)) await this.sees.param(key).fill(value)
    await this.sees.seed().fill(seed)
    await this.sees.button('Start training').click()
    await expect(this.sees.state()).toHaveText(/queued|running|completed/)
  }

  async waitsForState(state: string): Promise<void> {
    await expect(this.sees.state()).toHaveText(state, { timeout: 90_000 })
  }

  /** The number of epochs the curves show, read from the chart's own table. */
  async countsEpochs(): Promise<number> {
    const chart = this.sees.chart('Validation')
    await chart.getByRole('button', { name: 'Table' }).click()
    const rows = await chart.locator('.chart-table tbody tr').count()
    await chart.getByRole('button', { name: 'Chart' }).click()
    return rows
  }

  /** Looks a user up by typing, and waits for both lists. */
  async looksUpUser(id: string): Promise<void> {
    await this.sees.view('Recommend').click()
    await this.sees.userSearch().fill(id)
    await this.page.getByRole('option', { name: id }).first().click()
    await expect(this.sees.items('Recommended items').first()).toBeVisible({ timeout: 30_000 })
  }

  /** Presses Tab until the focus is there. */
  async walksTo(place: Locator): Promise<void> {
    const mostStops = 120
    for (let stop = 0; stop < mostStops; stop++) {
      if (await place.evaluate((element) => element === document.activeElement)) return
      await this.page.keyboard.press('Tab')
    }
    throw new Error(`${mostStops} presses of Tab did not lead to ${place.toString()}.`)
  }

  async opensDomainGraph(): Promise<void> {
    await this.sees.view('Graph').click()
    await this.page.getByRole('tab', { name: 'Domain' }).click()
    await expect(this.sees.domainText()).toBeVisible()
  }

  /** Adds a variable to the domain graph by keys. */
  async addsVariable(name: string): Promise<void> {
    await this.page.keyboard.press('n')
    await expect(this.sees.variableName()).toBeFocused()
    await this.page.keyboard.type(name)
    await this.page.keyboard.press('Enter')
    await expect(this.sees.domainCanvas()).toBeFocused()
    await expect(this.sees.domainChoice()).toContainText(`${name} ·`)
  }

  /** Goes to a variable of the domain graph by arrow keys: along every row and column, until it is chosen. */
  async choosesVariable(name: string): Promise<void> {
    const isChosen = async (): Promise<boolean> => (await this.sees.domainChoice().innerText()).startsWith(`${name} ·`)
    await this.sees.domainCanvas().focus()
    for (let round = 0; round < 4; round++)
      for (const key of ['ArrowLeft', 'ArrowUp', 'ArrowRight', 'ArrowDown'])
        for (let step = 0; step < 2; step++) {
          if (await isChosen()) return
          await this.page.keyboard.press(key)
          await this.page.waitForFunction(() => new Promise((done) => requestAnimationFrame(() => done(true))))
        }
    throw new Error(`The arrow keys did not lead to ${name}.`)
  }

  /** Draws an edge of the domain graph by keys. */
  async drawsEdge(from: string, to: string): Promise<void> {
    await this.choosesVariable(from)
    await this.page.keyboard.press('c')
    await this.choosesVariable(to)
    await this.page.keyboard.press('Enter')
    await expect(this.sees.domainChoice()).toContainText(`${from} → ${to}`)
  }

  async opensEffects(tab: string): Promise<void> {
    await this.sees.effectsTab(tab).press('Enter')
    await expect(this.sees.effectsTab(tab)).toHaveAttribute('aria-selected', 'true')
  }

  /** Saves the segment's table and reads the file: every quantity by its id, every figure by its column. */
  async savesEffects(): Promise<Map<string, Record<string, number>>> {
    const saved = this.page.waitForEvent('download')
    const button = this.sees.effects().getByRole('button', { name: 'Save CSV' })
    // It cannot be saved while what is shown answers an earlier question.
    await expect(button).toBeEnabled({ timeout: 30_000 })
    await button.press('Enter')
    const text = await readFile(await (await saved).path(), 'utf8')
    const [head, ...rows] = text
      .trim()
      .split('\n')
      .map((line) => line.trim().split(','))
    return new Map(
      rows.map(([id, ...cells]) => [
        id!,
        Object.fromEntries(cells.flatMap((cell, at) => (cell === '' ? [] : [[head![at + 1]!, Number(cell)]]))),
      ]),
    )
  }

  /** Fills the builder of experiments by clicking; starts nothing. */
  async buildsExperiment(what: { name: string; methods: string[]; seeds: string; epochs: string }): Promise<void> {
    await this.sees.view('Train').click()
    await this.page.getByRole('tab', { name: 'Experiment' }).click()
    await this.page.getByRole('button', { name: 'New experiment' }).click()
    await this.page.getByLabel('Name', { exact: true }).fill(what.name)
    const entries = this.page.locator('.method-entry')
    for (const method of what.methods) {
      if ((await entries.filter({ hasText: method }).count()) > 0) continue
      await this.page.getByRole('button', { name: 'Add a method' }).click()
      await this.page.getByRole('menuitem', { name: new RegExp(method, 'i') }).click()
    }
    await this.page.getByLabel('Add seeds').fill(what.seeds)
    await this.page.getByLabel('Add seeds').press('Enter')
    await this.page.getByLabel('At most', { exact: true }).fill(what.epochs)
    await expect(this.page.getByRole('button', { name: 'Start', exact: true })).toBeEnabled()
  }

  /** Composes the report of an experiment and waits for its preview. */
  async choosesReportOf(experiment: string): Promise<void> {
    await this.page.getByRole('radio', { name: 'Experiment' }).check({ force: true })
    await this.page.getByRole('combobox', { name: 'Experiment' }).click()
    await this.page.getByRole('option', { name: experiment }).click()
    await expect(this.page.getByTitle('Preview of the report')).toBeVisible({ timeout: 60_000 })
  }

  /** Exports the run in view through the palette. */
  async exportsModel(format: string): Promise<{ name: string; bytes: Uint8Array }> {
    await this.page.keyboard.press('Control+k')
    await this.page.getByRole('combobox', { name: 'Search actions, data sets and runs' }).fill('Export model')
    await this.page.keyboard.press('Enter')
    const dialog = this.page.getByRole('dialog', { name: /^Export / })
    await dialog.getByRole('radio', { name: new RegExp(`^${format}`) }).check()
    const saved = await this.saves(() => dialog.getByRole('button', { name: /^Export|^Save/ }).click())
    await this.page.keyboard.press('Escape')
    return saved
  }

  /** The file that an action saves. */
  async saves(action: () => Promise<void>): Promise<{ name: string; bytes: Uint8Array }> {
    const saved = this.page.waitForEvent('download', { timeout: 120_000 })
    await action()
    const download = await saved
    return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) }
  }
}
