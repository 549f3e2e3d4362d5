import assert from 'node:assert/strict';
import { WantedViews } from '../../src/warehouse/rules/wanted-views.js';
import type { View } from '../../src/schema/views.js';

describe('the views that a process makes', () => {
  const view = (sql: string): View => ({
    ...{ name: 'v', description: 'What it is.', caveats: '', tables: [], columns: [] },
    ...{ sql, sqlLine: 1, file: 'v.sql' },
  });

  it('are made again if a view or a table changes while they are made', async () => {
    for (const change of [
      (views: WantedViews) => views.replace([view('SELECT 2')]),
      (views: WantedViews) => views.expire(),
    ]) {
      for (const isMade of [true, false]) {
        const views = new WantedViews([view('SELECT 1')], { now: () => 0 });
        await views.refresh(async () => {
          change(views);
          return isMade;
        });
        assert.equal(views.isDue, true);
        await views.refresh(async () => true);
        assert.equal(views.isDue, false);
      }
    }
  });

  it('are made again if they could not be looked at', async () => {
    const views = new WantedViews([], { now: () => 0 });
    assert.equal(views.isDue, false);
    const lost = views.refresh(async () => {
      throw new Error('connection lost');
    });
    await assert.rejects(lost, /connection lost/);
    assert.equal(views.isDue, true);
  });
});
