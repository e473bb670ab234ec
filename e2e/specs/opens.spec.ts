import { barriersOn } from '../barriers'
import { expect, test } from '../fixtures'

test('the workbench opens without a complaint and passes axe', async ({ page, openWorkbench, complaints }) => {
  await openWorkbench()
  await expect(page).toHaveURL(/^http:\/\/127\.0\.0\.1:\d+\/(#.*)?$/)
  await expect(page).toHaveTitle(/Causeway/)
  await page.waitForLoadState('networkidle')
  expect(await barriersOn(page)).toEqual([])
  expect(complaints).toEqual([])
})

test('every view opens without a complaint', async ({ page, openWorkbench, complaints }) => {
  await openWorkbench()
  for (const view of ['data', 'train', 'graph', 'recommend', 'compare', 'report', 'settings']) {
    await page.goto(new URL(`/#/${view}`, page.url()).href)
    await expect(page).toHaveTitle(new RegExp(view, 'i'))
    await page.waitForLoadState('networkidle')
  }
  expect(complaints).toEqual([])
})

test('the page may not do what its policy forbids', async ({ page, openWorkbench }) => {
  await openWorkbench()
  const blocked = await page.evaluate(async () => {
    const violations: string[] = []
    document.addEventListener('securitypolicyviolation', (event) => violations.push(event.effectiveDirective))
    const script = document.createElement('script')
    script.textContent = 'window.injected = true'
    document.head.append(script)
    await fetch('https://example.com/').catch(() => undefined)
    const image = new Image()
    image.src = 'https://example.com/pixel.png'
    document.body.append(image)
    await new Promise((done) => setTimeout(done, 200))
    return { violations, injected: 'injected' in window }
  })
  expect(blocked.injected).toBe(false)
  expect(blocked.violations).toEqual(expect.arrayContaining(['script-src-elem', 'connect-src', 'img-src']))
})

test('a second browser cannot use the address again', async ({ browser, server, openWorkbench }) => {
  await openWorkbench()
  const other = await browser.newContext()
  const page = await other.newPage()
  const answer = await page.goto(server.url)
  expect(answer?.status()).toBe(403)
  await expect(page.locator('#app')).toHaveCount(0)
  await other.close()
})

test('after a restart on the same workspace the new address opens it again', async ({
  page,
  server,
  openWorkbench,
}) => {
  await openWorkbench()
  await server.kill()
  await server.start()
  await openWorkbench()
  await expect(page).toHaveTitle(/Causeway/)
})
