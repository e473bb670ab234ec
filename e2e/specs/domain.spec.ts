import AxeBuilder from '@axe-core/playwright'
import { Analyst } from '../actions/analyst'
import { expect, test } from '../fixtures'

test('a domain graph is drawn by keyboard, answered, edited, undone, saved, and still there', async ({
  page,
  openWorkbench,
  complaints,
}) => {
  const analyst = new Analyst(page)
  const { sees } = analyst
  const accessible = async (): Promise<void> => {
    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)])).toEqual([])
  }
  await openWorkbench()
  await analyst.opensDomainGraph()

  // Drawn by keyboard alone: price <- taste -> like, price -> like.
  for (const name of ['price', 'like', 'taste']) await analyst.addsVariable(name)
  await analyst.choosesVariable('price')
  await page.keyboard.press('e')
  await analyst.choosesVariable('like')
  await page.keyboard.press('o')
  await analyst.drawsEdge('taste', 'price')
  await analyst.drawsEdge('taste', 'like')
  await analyst.drawsEdge('price', 'like')
  await expect(sees.domainText()).toHaveValue(/taste -> price\ntaste -> like\nprice -> like\n/)
  await expect(sees.domainAnswers()).toContainText('The biasing path price ← taste → like is open.')
  await sees.domainAnswers().getByRole('button', { name: /taste/, pressed: false }).first().press('Enter')
  await expect(sees.domainAnswers()).toContainText('Adjusting for taste is sufficient for the total effect of price on')
  await accessible()

  // What is hidden cannot be adjusted for.
  await analyst.choosesVariable('taste')
  await page.keyboard.press('u')
  await expect(sees.domainAnswers()).toContainText('No set of measured variables is sufficient')
  await page.keyboard.press('a')
  await expect(sees.domainText()).toHaveValue(/taste \[latent/)
  await expect(page.getByRole('alert')).toContainText('cannot be adjusted for')

  // Delete deletes a variable with its edges, an edge alone, and nothing while a name is typed.
  const drawn = await sees.domainText().inputValue()
  await page.keyboard.press('Delete')
  await expect(sees.domainText()).not.toHaveValue(/taste/)
  await page.keyboard.press('Control+z')
  await expect(sees.domainText()).toHaveValue(drawn)
  await analyst.choosesVariable('taste')
  await page.keyboard.press('PageDown')
  await page.keyboard.press('Delete')
  await expect(sees.domainText()).not.toHaveValue(/taste -> price\ntaste -> like/)
  await expect(sees.domainText()).toHaveValue(/taste \[latent.*\ntaste -> /)
  await page.keyboard.press('Control+z')
  await expect(sees.domainText()).toHaveValue(drawn)
  await analyst.choosesVariable('price')
  await page.keyboard.press('Enter')
  await sees.variableName().press('Home')
  await page.keyboard.press('Delete')
  await expect(sees.variableName()).toHaveValue('rice')
  await page.keyboard.press('Escape')
  await expect(sees.domainText()).toHaveValue(drawn)

  // A cycle names its edges.
  await analyst.drawsEdge('like', 'taste')
  await expect(sees.domainAnswers()).toContainText(/make a cycle/)
  await expect(sees.domainAnswers()).toContainText(/like → taste/)
  await page.keyboard.press('Control+z')
  await expect(sees.domainText()).toHaveValue(drawn)

  await page.keyboard.press('Control+s')
  await page.getByRole('dialog').getByRole('textbox').fill('price and taste')
  await page.keyboard.press('Enter')
  await expect(page.getByText('● not saved')).toBeHidden()
  await page.reload()
  await expect(sees.domainText()).toHaveValue(drawn)

  // The menus; what was saved is opened over an example, and removed.
  await sees.button('Examples ▾').press('Enter')
  await expect(page.getByRole('menuitem', { name: 'M-bias' })).toBeVisible()
  await accessible()
  await page.getByRole('menuitem', { name: 'M-bias' }).press('Enter')
  await expect(sees.domainAnswers()).toContainText('adjusting for nothing would be')
  await sees.button('Open ▾').press('Enter')
  await page.getByRole('menuitem', { name: 'price and taste' }).press('Enter')
  await page.getByRole('dialog').getByRole('button', { name: 'Leave it' }).press('Enter')
  await expect(sees.domainText()).toHaveValue(drawn)
  await sees.button('Remove…').press('Enter')
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).press('Enter')
  await expect(sees.button('Open ▾')).toBeDisabled()
  await expect(sees.domainText()).toHaveValue(drawn)

  expect(complaints).toEqual([])
})
