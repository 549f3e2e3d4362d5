import assert from 'node:assert/strict';
import { makeCrashWorld } from './crash-matrix.js';
import { sellerId } from './world.js';

/** What becomes of a document that crashes the program; the queue may have a redrive policy. */
export function itEndsCrashes(maxReceiveCount: number | undefined): void {
  const policy = maxReceiveCount === undefined ? '' : ' with a redrive policy';
  it(`for a document that crashes the program each time ends in the ledger${policy}, and does not keep others from it`, async () => {
    const world = await makeCrashWorld({
      maxReceiveCount,
      pipelines: [{ limits: { waitTimeSeconds: 0, concurrency: 2 } }],
    });
    try {
      const add = (documentId: string, body: string) =>
        world.sandbox.addReport({
          sellerId,
          reportType: 'GET_CRASH_APPEND',
          documentId,
          body: Buffer.from(body),
        });
      await world.sandbox.notify(add('killer', 'id\tamount\tquantity\n1\t1\t1\n'));
      // A document with only a header has no rows to parse.
      await world.sandbox.notify(add('innocent', 'id\tamount\tquantity\n'));
      const env = { SP_REPORTS_CRASH_AT: 'rows-parsed' };
      const codes: (number | null)[] = [];
      while (codes.at(-1) !== 0 && codes.at(-1) !== 1 && codes.length < 6) {
        codes.push((await world.spawnRun(['run'], env)).code);
        await world.sandbox.returnMessages();
      }
      assert.deepEqual(codes, [null, null, null, 1]);
      const ledger = 'SELECT document_id, status, reason_code FROM _loads ORDER BY 1';
      assert.deepEqual(await world.query(ledger), [
        { document_id: 'innocent', status: 'empty', reason_code: null },
        { document_id: 'killer', status: 'quarantined', reason_code: 'PROCESS_KILLED' },
      ]);
      assert.equal((await world.run('reload', 'killer')).code, 0);
      assert.deepEqual(await world.query('SELECT id FROM crash_append'), [{ id: '1' }]);
    } finally {
      await world.close();
    }
  });
}
