import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { ReportsError } from '../../src/errors/reports-error.js';
import { planChart } from '../../src/status/page/chart-plan.js';
import { exampleOf, programExamples } from '../../src/status/page/examples.js';
import type { StatusSnapshot } from '../../src/status/types.js';
import { openDuckDbWarehouse } from '../../src/warehouse/duckdb/warehouse.js';
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
    await page.setViewportSize({ ...desktop, height: 12_000 });
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
        if (pictures) await page.getByRole('img', { name: 'Sales by day, USD' }).waitFor();
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
    await page.locator('#query optgroup[label=Views]').waitFor({ state: 'attached' });
    const names = await page.locator('#query option:not([value])').allTextContents();
    for (const view of ['orders_per_day', 'profit_per_sku', 'stock_on_hand'])
      assert.ok(names.includes(view), view);
    // Not by the page, whose queries begin again whenever a drain begins.
    const warehouse = openDuckDbWarehouse({ path: join(world.folder, 'warehouse.duckdb') });
    const isPlain = (name: string) => exampleOf(name).startsWith('SELECT *');
    const plain = names.filter((name) => !(name in programExamples) && isPlain(name));
    for (const name of names.filter((each) => !plain.slice(1).includes(each))) {
      const { columns, rows } = await warehouse.query(programExamples[name] ?? exampleOf(name));
      const answer = { columns, rows: rows.map((row) => columns.map((column) => row[column.name])) };
      // What has rows can be drawn, so that a first look at a view is a picture.
      const isDrawn = planChart(answer) !== undefined;
      assert.ok(isDrawn || rows.length < 2 || name === 'Rejected values', name);
    }
    await page.getByRole('combobox', { name: 'Examples' }).selectOption('Slowest documents');
    assert.equal(await page.locator('#sql').inputValue(), programExamples['Slowest documents']);
    await page.locator('#run').click();
    await page.getByText(/20 rows, [\d,]+ ms/).waitFor();
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
    await page.getByText('The answer of the query before').waitFor();
    assert.equal(await page.locator('#answer').getAttribute('aria-busy'), 'true');
    assert.ok(await page.getByRole('img', { name: 'revenue by day' }).isVisible());
    await page.locator('#cancel').click();
    await page.getByText('Cancelled.').waitFor();
    assert.ok(await page.getByText('The answer of the query before').isHidden());
    await ask('SELECT 1 AS one');
    await answerCell(page, '1').waitFor();
    await page.context().close();
  });

  it('draws values below 0 on their own side of it, and each currency on an axis of its own', async () => {
    const page = await open();
    const draw = async (sql: string) => {
      await page.locator('#sql').fill(sql);
      await page.locator('#run').click();
      await page.locator('#answer:not([aria-busy])').waitFor();
      await page.getByRole('button', { name: 'Chart' }).click();
    };
    const boxes = async (selector: string) =>
      Promise.all(
        (await page.locator(`#answer ${selector}`).all()).map(async (each) => {
          const box = await each.boundingBox();
          assert(box);
          return box;
        }),
      );
    await draw("SELECT n AS name, v AS figure FROM (VALUES (10, 'a'), (-11, 'b')) t(v, n)");
    const [gain, loss] = await boxes('.ranking .bar');
    assert(gain && loss);
    assert.ok(Math.abs(loss.x + loss.width - gain.x) < 1, 'both bars begin at 0');
    assert.ok(Math.abs(loss.width / gain.width - 1.1) < 0.01, `${loss.width} for -11, ${gain.width} for 10`);
    await draw("SELECT DATE '2026-11-01' + i::INT AS day, (i * 10 - 10) AS figure FROM range(3) r(i)");
    const [[zero], marks] = await Promise.all([boxes('.ground'), boxes('circle')]);
    assert(zero);
    const sides = marks.map(({ y, height }) => Math.sign(Math.round((zero.y - y - height / 2) / 2)) + 0);
    assert.deepEqual(sides, [-1, 0, 1]);
    await draw(`SELECT day, currency, amount FROM (VALUES (DATE '2026-11-01', 'EUR', 5), ('2026-11-02', 'EUR', 7),
      ('2026-11-01', 'JPY', 90000), ('2026-11-02', 'JPY', 80000)) t(day, currency, amount)`);
    const [euros, yen] = [
      await boxes('.chart[aria-label$=EUR] circle'),
      await boxes('.chart[aria-label$=JPY] circle'),
    ];
    assert.ok(euros.length === 2 && yen.length === 2);
    // Euros are not flattened by the yen.
    assert.ok(Math.abs((euros[0]?.y ?? 0) - (euros[1]?.y ?? 0)) > 20);
    await page.context().close();
  });

  it('shows what sold, what is owed and what runs out, as the views say, and hands over the queries', async () => {
    const page = await open();
    const [owed] = await world.query(
      "SELECT sum(units_owed)::INTEGER AS units FROM reimbursements_owed WHERE currency = 'USD'",
    );
    await page.locator('#owed').getByText(`for ${owed?.units} units`).waitFor();
    await page.getByRole('img', { name: 'Sales by day, USD' }).waitFor();
    assert.equal(await page.locator('#sold [aria-label="Sales by day, USD"] rect').count(), 30);
    await page.getByRole('list', { name: 'Profit by SKU, EUR' }).locator('li').nth(5).waitFor();
    const days = await page.getByRole('list', { name: 'Days until stock is sold' }).allTextContents();
    assert.match(days.join(), /US-\w{3}-\d{3}\d+ days: \d+ left, \d+ inbound/);
    assert.ok(await page.getByRole('link', { name: 'What runs out' }).isVisible());
    await keepSection(page, 'status-pictures', '#sold');
    await page.locator('#owed').getByRole('button', { name: 'Show as a query' }).click();
    assert.match(await page.locator('#sql').inputValue(), /FROM reimbursements_owed/);
    await page.locator('#run').click();
    await page.getByText(/\d rows?, [\d,]+ ms/).waitFor();
    await page.context().close();
  });

  it('completes names, lists tables with their columns, and remembers queries in the browser alone', async () => {
    const page = await open();
    const sql = page.locator('#sql');
    await page.locator('.relation-list').getByText('stock_on_hand', { exact: true }).waitFor();
    await sql.fill('');
    await sql.pressSequentially('SELECT 1 FROM reimbursements_o');
    await page.getByRole('option', { name: 'reimbursements_owed', selected: true }).waitFor();
    await sql.press('Tab');
    assert.equal(await sql.inputValue(), 'SELECT 1 FROM reimbursements_owed');
    await sql.press('Control+Home');
    for (let key = 0; key < 'SELECT '.length; key += 1) await sql.press('ArrowRight');
    await sql.pressSequentially('units_o');
    await page.getByRole('option', { name: 'units_owed' }).click();
    assert.equal(await sql.inputValue(), 'SELECT units_owed1 FROM reimbursements_owed');
    assert.ok(await page.getByRole('listbox').isHidden());
    const relations = page.locator('.relation-list');
    await relations.getByText('stock_on_hand', { exact: true }).click();
    await relations.getByRole('button', { name: 'fulfillable' }).waitFor();
    await sql.fill('');
    await relations.getByRole('button', { name: 'fulfillable' }).click();
    assert.equal(await sql.inputValue(), 'fulfillable');
    await page.getByRole('button', { name: 'Example for stock_on_hand' }).click();
    assert.match(await sql.inputValue(), /FROM stock_on_hand/);
    await sql.fill("SELECT 'buyer@example.com' AS remembered");
    await page.locator('#run').click();
    await answerCell(page, 'buyer@example.com').waitFor();
    // A new page of the same browser knows it; nothing was sent to the server for that.
    const sent: string[] = [];
    page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`));
    await page.reload();
    await page.locator('#history summary').click();
    await page.locator('#history').getByText('AS remembered').click();
    assert.equal(await sql.inputValue(), "SELECT 'buyer@example.com' AS remembered");
    await page.locator('#history summary').click();
    await page.getByRole('button', { name: 'Forget these queries' }).click();
    await page.getByText('No queries yet.').waitFor();
    assert.equal(await page.evaluate('localStorage.length'), 0);
    assert.ok(!sent.some((each) => each.includes('buyer@')), sent.join('\n'));
    await page.context().close();
  });

  it('opens a row with its whole values, and saves an answer as CSV', async () => {
    const page = await open();
    const long = 'x'.repeat(300);
    await page
      .locator('#sql')
      .fill(
        `SELECT 'a,"b"' AS text, '${long}' AS long, NULL AS nothing UNION ALL SELECT 'second', 'y', 'z' ORDER BY 1`,
      );
    await page.locator('#run').click();
    await page.getByRole('button', { name: `${'x'.repeat(80)}…` }).click();
    const dialog = page.getByRole('dialog', { name: 'Row 1 of 2' });
    await dialog.getByText(long, { exact: true }).waitFor();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('dialog', { name: 'Row 2 of 2' }).getByText('second').waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await page.getByRole('dialog').count(), 0);
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download CSV' }).click();
    const download = await saved;
    assert.match(download.suggestedFilename(), /^query-\d{4}-\d\d-\d\dT\d\d-\d\d\.csv$/);
    assert.equal(
      readFileSync(await download.path(), 'utf8'),
      `text,long,nothing\n"a,""b""",${long},\nsecond,y,z\n`,
    );
    await page.context().close();
  });

  it('shows a problem with its next step, and before the first report where reports come from', async () => {
    const page = await open();
    const answer = async (change: (snapshot: StatusSnapshot) => StatusSnapshot) => {
      await page.route('**/api/status', async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, json: change((await response.json()) as StatusSnapshot) });
      });
      await page.reload();
    };
    const problem = new ReportsError('WAREHOUSE_LOCKED', { path: 'w.duckdb', found: 'PID 4711' });
    const { code, message, remedy } = problem;
    await answer((snapshot) => ({
      ...snapshot,
      commits: { problem: { code, message, remedy, since: snapshot.at } },
    }));
    const banner = page.getByRole('alert').filter({ hasText: 'WAREHOUSE_LOCKED' });
    await banner.waitFor();
    assert.ok((await banner.textContent())?.includes(`Next: ${remedy.replaceAll('`', '')}`));
    await page.unroute('**/api/status');
    await answer((snapshot) => ({
      ...snapshot,
      warehouse: { ...snapshot.warehouse, ledger: undefined },
      tables: [],
    }));
    await page.getByText('Waiting for the first report').waitFor();
    assert.ok(await page.locator('#sold').isHidden());
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
    await answerCell(page, /^\d+$/).waitFor();
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
const answerCell = (page: Page, name: string | RegExp) =>
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
