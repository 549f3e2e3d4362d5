import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { notificationBody, otherNotificationBody } from '../../src/sandbox/notification-body.js';
import { onVirtualClock } from '../runtime/virtual-clock.js';
import {
  generousPlans,
  listings,
  listingsType,
  makeWorld,
  orders,
  ordersType,
  returnsType,
  sellerId,
  type World,
} from './world.js';

const restrictedType = 'GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING';
const returnsHeader = 'return-date\torder-id\tsku\tasin\tfnsku\tproduct-name\tquantity';

/** Opens a DuckDB file and keeps it open. */
const holdWarehouse = `
  const { DuckDBInstance } = require('@duckdb/node-api');
  DuckDBInstance.create(process.argv[1]).then((file) => { globalThis.held = file; console.log('open'); setInterval(() => {}, 1000); });`;

describe('a drain', () => {
  let world: World;

  async function inWorld(options: Parameters<typeof makeWorld>[0], test: () => Promise<void>): Promise<void> {
    world = await makeWorld(options);
    try {
      await test();
    } finally {
      await world.close();
    }
  }

  async function runJson(...args: string[]) {
    const { stdout, stderr, code } = await world.run('run', '--json', ...args);
    assert.notEqual(stdout, '', stderr);
    return {
      code,
      ...(JSON.parse(stdout) as { outcomes: Record<string, number>; failures: { code: string }[] }),
    };
  }

  const depth = () => world.sandbox.queueDepth();
  const ledger = () =>
    world.query(
      'SELECT key, status, reason_code, reason, tables::VARCHAR AS tables FROM _loads ORDER BY key',
    );

  it('loads a document once, however many notifications name it and in whatever format', () =>
    inWorld({}, async () => {
      const report = world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(3) });
      for (const shape of ['plain', 'eventbridge', 'sns', 'old'] as const)
        await world.sandbox.notify(report, shape);
      assert.deepEqual((await runJson()).outcomes, { loaded: 1, duplicate: 3 });
      await world.sandbox.notify(report);
      assert.deepEqual((await runJson()).outcomes, { duplicate: 1 });
      assert.deepEqual(await world.query('SELECT count(*) AS rows FROM listings'), [{ rows: '3' }]);
      assert.deepEqual(await depth(), { visible: 0, inFlight: 0 });
    }));

  it('recognizes a report by its id if the notification lacks the document id', () =>
    inWorld({}, async () => {
      const report = world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(3) });
      const { documentId: _, document: __, ...bare } = report;
      await world.sandbox.notify(bare);
      assert.deepEqual((await runJson()).outcomes, { loaded: 1 });
      await world.sandbox.notify(bare);
      await world.sandbox.notify(report);
      assert.deepEqual((await runJson()).outcomes, { duplicate: 2 });
      assert.equal((await ledger()).length, 1);
    }));

  it('never lets an older report overwrite a newer one, in any order of arrival', () =>
    inWorld({}, async () => {
      const older = world.sandbox.addReport({
        sellerId,
        reportType: ordersType,
        createdAt: new Date('2026-10-01'),
        body: orders([
          { id: '1', status: 'Pending' },
          { id: '2', status: 'Pending' },
        ]),
      });
      const newer = world.sandbox.addReport({
        sellerId,
        reportType: ordersType,
        createdAt: new Date('2026-10-02'),
        body: orders([{ id: '1', status: 'Shipped' }]),
      });
      await world.sandbox.notify(newer);
      await runJson();
      await world.sandbox.notify(older);
      await runJson();
      assert.deepEqual(
        await world.query(
          'SELECT amazon_order_id AS id, order_status AS status FROM orders_by_last_update ORDER BY id',
        ),
        [
          { id: '1', status: 'Shipped' },
          { id: '2', status: 'Pending' },
        ],
      );
    }));

  it('clears a snapshot for a document with only a header, and not for one without bytes', () =>
    inWorld({}, async () => {
      const at = (hour: number) => new Date(Date.UTC(2026, 9, 1, hour));
      const add = (hour: number, body: Buffer) =>
        world.sandbox.addReport({ sellerId, reportType: listingsType, createdAt: at(hour), body });
      const count = () => world.query('SELECT count(*)::INT AS rows FROM listings');
      await world.sandbox.notify(add(1, listings(3)));
      await runJson();
      await world.sandbox.notify(add(2, Buffer.alloc(0)));
      assert.deepEqual((await runJson()).outcomes, { empty: 1 });
      assert.deepEqual(await count(), [{ rows: 3 }]);
      await world.sandbox.notify(add(3, listings(0)));
      assert.deepEqual((await runJson()).outcomes, { empty: 1 });
      assert.deepEqual(await count(), [{ rows: 0 }]);
    }));

  it('keeps the text of a FATAL report as a reason, never as rows, and records a CANCELLED one', () =>
    inWorld({}, async () => {
      const fatal = world.sandbox.addReport({
        sellerId,
        reportType: returnsType,
        status: 'FATAL',
        body: Buffer.from('{"errorDetails":"The requested data is unavailable."}'),
      });
      const cancelled = world.sandbox.addReport({ sellerId, reportType: returnsType, status: 'CANCELLED' });
      await world.sandbox.notify(fatal);
      await world.sandbox.notify(cancelled);
      assert.deepEqual((await runJson()).outcomes, { fatal: 1, cancelled: 1 });
      const rows = await ledger();
      assert.match(
        String(rows.find(({ status }) => status === 'fatal')?.reason),
        /The requested data is unavailable/,
      );
      assert.deepEqual(
        await world.query("SELECT table_name FROM duckdb_tables() WHERE table_name = 'customer_returns'"),
        [],
      );
    }));

  it('requests a restricted data token if the type needs one', () =>
    inWorld({}, async () => {
      const body = Buffer.from('order-id\torder-item-id\tbuyer-email\n1\t2\tbuyer@example.com\n');
      await world.sandbox.notify(world.sandbox.addReport({ sellerId, reportType: restrictedType, body }));
      assert.deepEqual((await runJson()).outcomes, { loaded: 1 });
      const operations = world.sandbox.state.calls.map(({ operation }) => operation);
      assert.ok(operations.includes('createRestrictedDataToken'));
      assert.equal(operations.filter((operation) => operation === 'getReportDocument').length, 1);
    }));

  it('acknowledges and records reports that no pipeline loads, and other notification types', () =>
    inWorld({ pipelines: [{ reportTypes: 'GET_FBA_*' }] }, async () => {
      await world.sandbox.notify(
        world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(1) }),
      );
      await world.sandbox.sendBody(otherNotificationBody(sellerId, world.sandbox.state.random, Date.now()));
      assert.deepEqual((await runJson()).outcomes, { skipped: 2 });
      assert.deepEqual(
        (await ledger()).map(({ status }) => status),
        ['skipped', 'skipped'],
      );
      assert.deepEqual(await depth(), { visible: 0, inFlight: 0 });
    }));

  it('serves all pipelines that share its queue', () =>
    inWorld(
      {
        pipelines: [
          { name: 'a', reportTypes: listingsType },
          { name: 'b', reportTypes: ordersType },
        ],
      },
      async () => {
        await world.sandbox.notify(
          world.sandbox.addReport({
            sellerId,
            reportType: ordersType,
            body: orders([{ id: '1', status: 'Shipped' }]),
          }),
        );
        assert.deepEqual((await runJson('a')).outcomes, { loaded: 1 });
      },
    ));

  it('records an unreadable body in the ledger, with its text, if the queue has no redrive policy', () =>
    inWorld({}, async () => {
      await world.sandbox.sendBody('hello');
      const { outcomes, code } = await runJson();
      assert.deepEqual([outcomes, code], [{ quarantined: 1 }, 1]);
      assert.deepEqual(await world.query('SELECT body, reason_code FROM _loads'), [
        { body: 'hello', reason_code: 'NOTIFICATION_UNREADABLE' },
      ]);
    }));

  it('leaves an unreadable body to the redrive policy of the queue', () =>
    inWorld({ maxReceiveCount: 1 }, async () => {
      await world.sandbox.sendBody('hello');
      assert.deepEqual((await runJson()).outcomes, { failed: 1 });
      const { visible, inFlight } = await depth();
      assert.equal(visible + inFlight + (await world.sandbox.deadLetters()).length, 1);
    }));

  it('keeps the notification of an unknown seller, and loads its report once the seller is known', () =>
    inWorld({ settings: { sellers: [] } }, async () => {
      await world.sandbox.notify(
        world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(2) }),
      );
      assert.deepEqual((await runJson()).outcomes, { quarantined: 1 });
      assert.deepEqual(
        (await ledger()).map(({ reason_code }) => reason_code),
        ['SELLER_UNKNOWN'],
      );
      assert.deepEqual(await depth(), { visible: 0, inFlight: 0 });
      await world.addSellerToSettings();
      const reloaded = await world.run('reload', '--status', 'quarantined', '--json');
      assert.equal(reloaded.code, 0, reloaded.stderr);
      assert.deepEqual(await world.query('SELECT count(*)::INT AS rows FROM listings'), [{ rows: 2 }]);
      assert.deepEqual(
        (await ledger()).map(({ status }) => status),
        ['loaded'],
      );
    }));

  it('leaves a message on the queue during an outage of Amazon, and loads it later', () =>
    inWorld({}, async () => {
      const report = world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(2) });
      await world.sandbox.notify(report);
      world.sandbox.state.faults.answers.set('getReportDocument', { status: 503, times: 4 });
      const { outcomes, failures, code } = await runJson();
      assert.deepEqual(
        [outcomes, failures.map((each) => each.code), code],
        [{ failed: 1 }, ['API_UNAVAILABLE'], 1],
      );
      const { visible, inFlight } = await depth();
      assert.equal(visible + inFlight, 1);
      // After a second notification the document is loaded; the first message finds it in the
      // ledger when it is redelivered.
      await world.sandbox.notify(report);
      assert.deepEqual((await runJson()).outcomes, { loaded: 1 });
    }));

  it('quarantines a document that fails too often if the queue has no redrive policy', () =>
    inWorld({ pipelines: [{ limits: { waitTimeSeconds: 0, maxReceives: 1 } }] }, async () => {
      await world.sandbox.notify(
        world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(2) }),
      );
      // Only the download fails: each try requests a URL, and five tries end a download.
      world.sandbox.state.faults.answers.set('download', { status: 400, times: 5 });
      assert.deepEqual((await onVirtualClock(runJson)).outcomes, { quarantined: 1 });
      assert.deepEqual(await depth(), { visible: 0, inFlight: 0 });
      assert.equal((await world.run('reload', '--status', 'quarantined')).code, 0);
      assert.deepEqual(await world.query('SELECT count(*)::INT AS rows FROM listings'), [{ rows: 2 }]);
    }));

  it('never quarantines a document for a failure of something else, however often it was received', () =>
    inWorld({ pipelines: [{ limits: { waitTimeSeconds: 0, maxReceives: 1 } }] }, async () => {
      await world.sandbox.notify(
        world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(2) }),
      );
      for (const operation of ['login', 'getReport', 'getReportDocument', 'download']) {
        const times = operation === 'download' ? 5 : 4;
        world.sandbox.state.faults.answers.set(operation, { status: 503, times });
        assert.deepEqual((await onVirtualClock(runJson)).outcomes, { failed: 1 }, operation);
        await world.sandbox.notify(
          world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(2) }),
        );
      }
      assert.equal((await world.run('loads', '--json')).stdout, '[]\n');
    }));

  it('treats two notifications of one report as one, with the document id in both or not', () =>
    inWorld({}, async () => {
      const report = world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(3) });
      const { documentId: _, document: __, ...bare } = report;
      await world.sandbox.notify(bare);
      await world.sandbox.notify(report);
      assert.deepEqual((await runJson()).outcomes, { loaded: 1, duplicate: 1 });
      assert.equal(world.sandbox.state.calls.filter(({ operation }) => operation === 'download').length, 1);
      assert.deepEqual(await depth(), { visible: 0, inFlight: 0 });
    }));

  it('never makes rows from the document of a FATAL report, whichever command loads it', () =>
    inWorld({}, async () => {
      await world.sandbox.notify(
        world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(3) }),
      );
      await runJson();
      const fatal = world.sandbox.addReport({
        sellerId,
        reportType: listingsType,
        status: 'FATAL',
        body: Buffer.from('item-name\tseller-sku\nWe could not make this report\tx\n'),
      });
      world.sandbox.state.faults.answers.set('getReportDocument', { status: 400, times: 1 });
      await world.sandbox.notify({ ...fatal, status: 'DONE' });
      await runJson();
      await world.run('reload', '--status', 'quarantined');
      await world.run('rebuild');
      assert.deepEqual(await world.query('SELECT count(*)::INT AS rows FROM listings'), [{ rows: 3 }]);
    }));

  it('receives nothing while another process holds the warehouse', () =>
    inWorld({}, async () => {
      await world.sandbox.notify(
        world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(3) }),
      );
      await runJson();
      await world.sandbox.notify(
        world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(4) }),
      );
      const holder = spawn(process.execPath, ['-e', holdWarehouse, join(world.folder, 'warehouse.duckdb')], {
        cwd: new URL('../..', import.meta.url).pathname,
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      try {
        await once(holder.stdout, 'data');
        const { code, stderr } = await onVirtualClock(() => world.run('run'));
        assert.equal(code, 1);
        assert.match(stderr, /WAREHOUSE_LOCKED/);
        assert.deepEqual(await depth(), { visible: 1, inFlight: 0 });
      } finally {
        holder.kill();
        await once(holder, 'close');
      }
      assert.deepEqual((await runJson()).outcomes, { loaded: 1 });
    }));

  it("receives no more of a seller's backlog than the quota of the seller allows", () =>
    inWorld(
      {
        plans: {
          getReport: { callsPerSecond: 1000, burst: 1000 },
          getReportDocument: { callsPerSecond: 0.0167, burst: 15 },
        },
        pipelines: [{ limits: { waitTimeSeconds: 0, maxMinutes: 0.2 } }],
        moreSellers: ['A2OTHER'],
      },
      async () => {
        for (let index = 0; index < 120; index += 1) {
          const body = orders([{ id: String(index), status: 'Shipped' }]);
          await world.sandbox.notify(world.sandbox.addReport({ sellerId, reportType: ordersType, body }));
        }
        const other = orders([{ id: 'other', status: 'Shipped' }]);
        await world.sandbox.notify(
          world.sandbox.addReport({ sellerId: 'A2OTHER', reportType: ordersType, body: other }),
        );
        await runJson();
        // The queue has no order, so whether the other's message came in time is chance; that most
        // were left alone is not.
        const loaded = await world.query(
          "SELECT count(*)::INT AS rows FROM orders_by_last_update WHERE _seller_id <> 'A2OTHER'",
        );
        assert.deepEqual(loaded, [{ rows: 15 }]);
        const { visible } = await depth();
        assert.ok(visible > 50, `${visible} messages were never received`);
      },
    ));

  it('downloads a damaged document once more, then quarantines it with its bytes and without rows', () =>
    inWorld({}, async () => {
      const whole = gzipSync(listings(50));
      const body = whole.subarray(0, whole.length - 20);
      await world.sandbox.notify(
        world.sandbox.addReport({ sellerId, reportType: listingsType, body, gzip: false }),
      );
      assert.deepEqual((await runJson()).outcomes, { quarantined: 1 });
      assert.equal(world.sandbox.state.calls.filter(({ operation }) => operation === 'download').length, 2);
      assert.deepEqual(await world.query('SELECT reason_code, raw_bytes::INT AS bytes FROM _loads'), [
        { reason_code: 'DOCUMENT_TRUNCATED', bytes: body.length },
      ]);
    }));

  it('receives only what the quota lets it finish, and leaves the rest on the queue', () =>
    inWorld(
      {
        plans: {
          getReport: { callsPerSecond: 1000, burst: 1000 },
          getReportDocument: { callsPerSecond: 0.0167, burst: 15 },
        },
        pipelines: [{ limits: { waitTimeSeconds: 0, maxMinutes: 0.2 } }],
      },
      async () => {
        for (let index = 0; index < 40; index += 1) {
          const body = orders([{ id: String(index), status: 'Shipped' }]);
          await world.sandbox.notify(world.sandbox.addReport({ sellerId, reportType: ordersType, body }));
        }
        const { outcomes, code } = await runJson();
        assert.equal(outcomes.loaded, 15);
        assert.equal(code, 0);
        const calls = world.sandbox.state.calls.filter(({ operation }) => operation === 'getReportDocument');
        assert.ok(
          calls.every(({ status }) => status === 200),
          'no call was refused for its quota',
        );
        const { visible, inFlight } = await depth();
        assert.equal(visible + inFlight, 25);
        assert.ok(visible >= 15, `${visible} messages were never received`);
      },
    ));

  it('keeps the raw text of values that do not fit their type, and of rows that are too wide', () =>
    inWorld({}, async () => {
      const row = (order: string, quantity: string, more = '') =>
        `2026-10-01T10:00:00+00:00\t${order}\tsku-1\tB01\tX01\tLamp\t${quantity}${more}`;
      const body = Buffer.from(
        [returnsHeader, row('1', '2'), row('2', 'two'), row('3', '1', '\tsurplus'), ''].join('\n'),
      );
      await world.sandbox.notify(world.sandbox.addReport({ sellerId, reportType: returnsType, body }));
      assert.deepEqual((await runJson()).outcomes, { loaded: 1 });
      assert.deepEqual(
        await world.query('SELECT order_id, quantity FROM customer_returns ORDER BY order_id'),
        [
          { order_id: '1', quantity: '2' },
          { order_id: '2', quantity: null },
        ],
      );
      assert.deepEqual(
        await world.query(
          'SELECT row_number::INT AS row, column_name, raw, reason FROM _rejects ORDER BY row',
        ),
        [
          { row: 2, column_name: 'quantity', raw: 'two', reason: 'expected int64' },
          {
            row: 3,
            column_name: null,
            raw: row('3', '1', '\tsurplus'),
            reason: '1 cell more than the header',
          },
        ],
      );
    }));

  it('never clears a snapshot for a document whose rows are all rejected', () =>
    inWorld({}, async () => {
      await world.sandbox.notify(
        world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(3) }),
      );
      await runJson();
      const body = Buffer.from('item-name\tseller-sku\tprice\nLamp\tA1\t1.00\tSURPLUS\n');
      await world.sandbox.notify(world.sandbox.addReport({ sellerId, reportType: listingsType, body }));
      assert.deepEqual((await runJson()).outcomes, { quarantined: 1 });
      assert.deepEqual(await world.query('SELECT count(*)::INT AS rows FROM listings'), [{ rows: 3 }]);
    }));

  it('separates sellers whose documents have the same id', () =>
    inWorld({}, async () => {
      const report = world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(2) });
      await world.sandbox.notify(report);
      const stranger = { ...report, sellerId: 'A2OTHERSELLER' };
      await world.sandbox.sendBody(
        notificationBody(stranger, 'plain', world.sandbox.state.random, Date.now()),
      );
      assert.deepEqual((await runJson()).outcomes, { loaded: 1, quarantined: 1 });
      assert.equal((await ledger()).length, 2);
    }));
});

describe('a sweep', () => {
  it('loads finished reports that the ledger does not have, and no others', async () => {
    const world = await makeWorld({ pipelines: [{ reportTypes: ['GET_MERCHANT*', 'GET_FLAT_FILE_ALL*'] }] });
    try {
      const { sandbox } = world;
      const announced = sandbox.addReport({ sellerId, reportType: listingsType, body: listings(1) });
      await sandbox.notify(announced);
      assert.equal((await world.run('run')).code, 0);
      for (let index = 0; index < 3; index += 1) {
        const body = orders([{ id: String(index), status: 'Shipped' }]);
        sandbox.addReport({ sellerId, reportType: ordersType, body });
      }
      sandbox.addReport({ sellerId, reportType: ordersType, status: 'CANCELLED' });
      const old = new Date(Date.now() - 100 * 86_400_000);
      sandbox.addReport({
        sellerId,
        reportType: ordersType,
        createdAt: old,
        body: orders([{ id: 'old', status: 'Shipped' }]),
      });
      const { stdout, code, stderr } = await world.run('sweep', '--json');
      assert.equal(code, 0, stderr);
      assert.deepEqual(JSON.parse(stdout).outcomes, { loaded: 3 });
      assert.deepEqual(await world.query('SELECT count(*)::INT AS rows FROM orders_by_last_update'), [
        { rows: 3 },
      ]);
      assert.deepEqual(JSON.parse((await world.run('sweep', '--json')).stdout).outcomes, {});
    } finally {
      await world.close();
    }
  });

  it('loads what it found when the quota of getReports runs out, and the next sweep starts with what waited longest', async () => {
    const first = Array.from({ length: 10 }, (_, index) => `GET_A_TYPE_${index}`);
    const world = await makeWorld({
      plans: { ...generousPlans, getReports: { callsPerSecond: 0.0222, burst: 10 } },
      pipelines: [
        {
          reportTypes: [...first, listingsType],
          limits: { waitTimeSeconds: 0, maxMinutes: 0.2 },
        },
      ],
    });
    const { clientId } = world.sandbox.credentialsFor(sellerId);
    const sweepWithOneCall = async () => {
      const bucket = { tokens: 1, atMs: Date.now(), callsPerSecond: 0.0222 };
      mkdirSync(join(world.folder, 'state'), { recursive: true });
      writeFileSync(
        join(world.folder, 'state', 'quota.json'),
        JSON.stringify({ [`${clientId} ${sellerId} getReports`]: bucket }),
      );
      const { stdout, code, stderr } = await world.run('sweep', '--json');
      assert.equal(code, 0, stderr);
      return (JSON.parse(stdout).tables as { name: string }[]).map(({ name }) => name);
    };
    try {
      world.sandbox.addReport({ sellerId, reportType: 'GET_A_TYPE_3', body: listings(1) });
      world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(1) });
      assert.deepEqual(await sweepWithOneCall(), ['a_type_3']);
      assert.deepEqual(await sweepWithOneCall(), ['listings']);
      world.sandbox.addReport({ sellerId, reportType: 'GET_A_TYPE_0', body: listings(1) });
      assert.deepEqual(await sweepWithOneCall(), ['a_type_0']);
    } finally {
      await world.close();
    }
  });
});
