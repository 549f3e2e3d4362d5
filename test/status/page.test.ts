import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { listings, listingsType, sellerId, type World } from '../ingest/world.js';
import { foreign, makeScene } from './scene.js';
import { type Started, startWithPage } from './started.js';
import { until } from '../runtime/until.js';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
/** The folder for the pictures of the documentation, set by `npm run screenshots`. */
const pictures = process.env.SCREENSHOTS;

const phone = { width: 360, height: 780 };
const desktop = { width: 1280, height: 900 };

describe('the status page in Chromium', () => {
  let browser: Browser;
  let world: World;
  let started: Started;
  /** What went wrong in pages: errors, and requests to anywhere else. */
  const wrong: string[] = [];

  before(async function () {
    if (!existsSync(executablePath)) {
      process.stdout.write(`    skipped: there is no ${executablePath}; CHROMIUM may name another one\n`);
      this.skip();
    }
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    world = await makeScene();
    started = await startWithPage(world);
  });
  after(async () => {
    await browser?.close();
    await started?.stop();
    await world?.close();
  });
  afterEach(() => assert.deepEqual(wrong.splice(0), []));

  async function open(): Promise<Page> {
    // An element that still scrolls smoothly between the two halves of a click is not clicked.
    const context = await browser.newContext({
      viewport: desktop,
      timezoneId: 'UTC',
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    page.on('console', (message) => {
      // A refused query has an answer of 400, which Chromium logs too.
      if (message.type() === 'error' && !message.text().includes('400')) wrong.push(message.text());
    });
    page.on('pageerror', (error) => wrong.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(started.url)) wrong.push(request.url());
    });
    await page.goto(started.url);
    await page.getByRole('region', { name: 'Freshness of tables' }).waitFor();
    return page;
  }

  const keep = async (page: Page, name: string, options: Parameters<Page['screenshot']>[0] = {}) => {
    if (!pictures) return;
    mkdirSync(pictures, { recursive: true });
    writeFileSync(join(pictures, `${name}.png`), await page.screenshot(options));
  };

  /** Keeps a section in a window so tall that the header covers none of it. */
  const keepSection = async (page: Page, name: string, selector: string) => {
    if (!pictures) return;
    await page.setViewportSize({ ...desktop, height: 8000 });
    await page.evaluate('scrollTo(0, 0)');
    const clip = await page.locator(selector).boundingBox();
    assert(clip);
    await keep(page, name, { clip });
    await page.setViewportSize(desktop);
  };

  it('shows how fresh tables are, what waits and what went wrong', async () => {
    const page = await open();
    const text = (selector: string) => page.locator(selector).first().innerHTML().then(withoutTags);
    assert.match(await text('#freshness tbody tr'), /reimbursements stale/);
    assert.match(await text('#tiles'), /Quarantine \d+/);
    assert.match(await text('#queues'), /queue reports .* seller A1DEMOSELLERUS \d+ of 15 documents/);
    assert.match(
      await text('#queues'),
      /Client secret: first seen .*, expires \d{4}-\d\d-\d\d at the latest/,
    );
    assert.match(
      await text('#quarantine tbody'),
      /HEADER_UNKNOWN .* add them to `from` in the report schema/,
    );
    assert.match(
      await text('#warnings tbody'),
      /GET_MERCHANT_LISTINGS_ALL_DATA .* SNAPSHOT_SHRANK listings: 2 rows replace the \d+ rows of .* Compare the document with the one it replaced/,
    );
    assert.match(await text('#tiles'), /Warnings \d+ \d+ this week/);
    assert.match(await text('#rejects tbody'), /customer_returns quantity/);
    assert.match(
      await text('#requests tbody tr'),
      /GET_FLAT_FILE_ALL_ORDERS\S+ everything .* 0 6 1 1 \* .* 1 in flight, 1 abandoned REPORT_GIVEN_UP 2026-10-01T00:00Z to 2026-10-02T00:00Z: .*the window is too long/,
    );
    assert.match(await text('#requests tbody tr:last-child'), /PT1H Amazon's own schedule/);
    assert.match(await text('#queues tbody'), /everything request 0 6 1 1 \* UTC, and with each drain/);
    const returns = page.locator('#coverage tbody tr', { hasText: 'customer_returns' }).first();
    const days = returns.getByRole('img', { name: 'No gaps' }).locator('.day');
    assert.equal(await days.count(), 60);
    assert.match((await days.nth(45).getAttribute('title')) ?? '', /^\d{4}-\d\d-\d\d: loaded$/);
    await page.locator('#timeline').getByText('request everything').waitFor();
    assert.ok((await page.locator('#timeline rect').count()) > 20);
    await page.getByRole('img', { name: /^The last 24 hours: \d+ loaded, .*\d quarantined$/ }).waitFor();
    await page.context().close();
  });

  it('fits a phone and a desktop, light and dark, and is readable there', async () => {
    const page = await open();
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const [size, viewport] of Object.entries({ desktop, phone })) {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme });
        await page.reload();
        await page.getByRole('region', { name: 'Freshness of tables' }).waitFor();
        const place = `${size}, ${colorScheme}`;
        assert.equal(await page.evaluate('document.documentElement.scrollWidth'), viewport.width, place);
        for (const name of await page.locator('#timeline .lane').all()) {
          const { x, width } = (await name.boundingBox()) ?? { x: -1, width: 0 };
          assert.ok(
            x >= 0 && x + width <= viewport.width,
            `${place}: a name of the timeline is out of sight`,
          );
        }
        const { lightness, lowest } = (await page.evaluate(contrastScript)) as Contrast;
        assert.ok(colorScheme === 'dark' ? lightness < 0.1 : lightness > 0.8, `${place}: ${lightness}`);
        assert.ok(lowest[0] >= 4.5, `${place}: a contrast of ${lowest}`);
        // The pictures show the page between two runs.
        if (pictures) await page.getByText(/^1 stale table, /).waitFor();
        await keep(page, `status-${size}-${colorScheme}`, { fullPage: process.env.FULL_PAGE === '1' });
      }
    }
    await page.context().close();
  });

  it('can be used with the keyboard alone', async () => {
    const page = await open();
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate('document.activeElement.className'), 'skip');
    await page.locator('#span-168').focus();
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate('document.activeElement.id'), 'span-168');
    assert.equal(await page.locator('#span-168').getAttribute('aria-pressed'), 'true');
    await page.locator('#sql').focus();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('SELECT 42 AS answer');
    await page.keyboard.press('Control+Enter');
    await answerCell(page, '42').waitFor();
    await page.context().close();
  });

  it('answers queries with a table and a chart, values to the last digit, text as text', async () => {
    const page = await open();
    const ask = async (sql: string) => {
      await page.locator('#sql').fill(sql);
      await page.locator('#run').click();
    };
    for (const name of await page.locator('#query option:not([value])').allTextContents()) {
      await page.getByRole('combobox', { name: 'Examples' }).selectOption(name);
      await page.locator('#run').click();
      await page.getByText(/\d rows?, [\d,]+ ms/).waitFor();
      assert.equal(await page.locator('#answer .problem').count(), 0, name);
    }
    const hostile = '<img src=x onerror=alert(1)>';
    await ask(
      `SELECT '${hostile}' AS text, 12345678901234567890.10::DECIMAL(24,2) AS money, NULL AS nothing`,
    );
    await answerCell(page, '12345678901234567890.10').waitFor();
    assert.ok(await answerCell(page, hostile).isVisible());
    assert.equal(await page.locator('#answer img').count(), 0);
    await ask('DELETE FROM listings');
    await page.getByText('DELETE is not a statement that reads').waitFor();
    await ask(
      'SELECT purchase_date::DATE AS day, sum(item_price) AS revenue FROM orders_by_last_update GROUP BY day ORDER BY day',
    );
    await page.getByRole('button', { name: 'Chart' }).click();
    await page.getByRole('img', { name: 'revenue by day' }).waitFor();
    assert.ok((await page.locator('#answer polyline').count()) === 1);
    await keepSection(page, 'status-query', '#query');
    await ask('SELECT count(*) FROM range(1e13::BIGINT) WHERE hash(range) % 7 = 1');
    await page.locator('#cancel').click();
    await page.getByText('Cancelled.').waitFor();
    await ask('SELECT 1 AS one');
    await answerCell(page, '1').waitFor();
    await page.context().close();
  });

  it('loads a quarantined document again after its schema is fixed, and shows the result', async () => {
    const page = await open();
    const row = page
      .locator('#quarantine tbody tr', { hasText: foreign.type })
      .filter({ hasText: 'A1DEMOSELLERUS' });
    const again = row.getByRole('button', { name: 'again' });
    await again.click();
    await page.getByText('HEADER_UNKNOWN: ').waitFor();
    mkdirSync(join(world.folder, 'schemas'));
    writeFileSync(join(world.folder, 'schemas', `${foreign.type}.yaml`), foreign.schema);
    await again.click();
    await page.getByText('1 document, 2 rows').waitFor();
    await keepSection(page, 'status-quarantine', '#quarantine');
    await until(async () => {
      await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
      return (await row.count()) === 0;
    });
    assert.deepEqual(await world.query('SELECT order_id, quantity FROM orders_de ORDER BY ALL'), [
      { order_id: '028-1', quantity: '1' },
      { order_id: '028-2', quantity: '3' },
    ]);
    await page.context().close();
  });

  it('works while a load runs, and shows it', async () => {
    const page = await open();
    world.sandbox.state.faults.holds.set('getReport', { ms: 1500, times: 1 });
    await world.sandbox.notify(
      world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(20_000) }),
    );
    await until(async () => (await world.sandbox.queueDepth()).inFlight > 0);
    await page.reload();
    await page.getByText('drain of everything running').waitFor();
    await page.locator('#sql').fill("SELECT count(*) AS n FROM _loads WHERE status = 'quarantined'");
    await page.locator('#sql').press('Control+Enter');
    await page.getByText('1 row, ').or(page.locator('#answer .problem')).waitFor();
    assert.match((await page.locator('#answer').textContent()) ?? '', /^n\d+$/);
    await page.locator('#freshness').getByRole('button', { name: 'Show all' }).click();
    const loaded = page.locator('#freshness tbody tr', { hasText: sellerId });
    await until(async () => {
      // The page refreshes when the user comes back to it.
      await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
      return loaded.getByText('20,000').isVisible();
    });
    await page.context().close();
  });
});

const withoutTags = (html: string) =>
  html
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();

interface Contrast {
  lightness: number;
  lowest: [number, string];
}

/** A cell of the console's answer: other tables may contain the same. */
const answerCell = (page: Page, name: string) =>
  page.getByRole('region', { name: 'Result' }).getByRole('cell', { name, exact: true });

/**
 * The lightness of the background, and the minimum contrast of any text with what is behind it, by
 * WCAG's formula.
 */
const contrastScript = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const parse = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b]
    .map((each) => each / 255)
    .map((each) => (each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
    .reduce((sum, each, index) => sum + each * [0.2126, 0.7152, 0.0722][index], 0);
  const groundOf = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = parse(getComputedStyle(each).backgroundColor);
      if (color[3] > 200) return color;
    }
    return [255, 255, 255, 255];
  };
  let lowest = [21, ''];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const style = getComputedStyle(element);
    if (!own || element.closest('svg') || element.disabled || element.className === 'skip') continue;
    const [a, b] = [light(parse(style.color)), light(groundOf(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < lowest[0]) lowest = [contrast, element.tagName + '.' + element.className + ' ' + element.textContent.slice(0, 30)];
  }
  return { lightness: light(groundOf(document.body)), lowest };
})()`;
