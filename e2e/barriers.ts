import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'

/** What axe finds on the page that WCAG 2.1 AA does not allow: the rule and the elements that break it. */
export async function barriersOn(page: Page): Promise<string[]> {
  // A colour on its way from one theme to the other is neither. The page turns to a theme in a listener: transitions start frames later.
  await page.evaluate(async () => {
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame)
    await Promise.allSettled(document.getAnimations().map(({ finished }) => finished))
  })
  const { violations } = await new AxeBuilder({ page })
    // The preview of a report runs no script, axe's neither; reports are held against the rules in a test of their own.
    .exclude('iframe[sandbox]')
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'])
    .analyze()
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`)
}
