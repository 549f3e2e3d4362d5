import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSweepTurns } from '../../src/discovery/sweep-turns.js';
import { systemClock } from '../../src/runtime/clock.js';

describe('the turns of sweeps', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sweep-turns-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const sellers = [{ id: 'A' }, { id: 'B' }, { id: 'C' }];

  it('go first to the seller, and to the types of a seller, that waited longest', async () => {
    let nowMs = Date.UTC(2026, 9, 1);
    const turns = openSweepTurns(folder, { ...systemClock, now: () => nowMs });
    assert.deepEqual(turns.sellersInTurn(sellers), sellers);
    await turns.listed('A', ['Y']);
    nowMs += 1;
    await turns.listed('B', ['X']);
    nowMs += 1;
    await turns.listed('A', ['X']);
    assert.deepEqual(
      turns.sellersInTurn(sellers).map(({ id }) => id),
      ['C', 'B', 'A'],
    );
    assert.deepEqual(openSweepTurns(folder).typesInTurn('A', ['X', 'Y', 'Z', 'W']), ['W', 'Z', 'Y', 'X']);
    assert.deepEqual(turns.typesInTurn('C', ['X', 'Y']), ['X', 'Y']);
  });

  it('begin again if their state is damaged', async () => {
    for (const text of ['{', 'null', '[]', '"x"']) {
      writeFileSync(join(folder, 'sweeps.json'), text);
      const turns = openSweepTurns(folder);
      assert.deepEqual(turns.typesInTurn('A', ['Y', 'X']), ['X', 'Y'], text);
      await turns.listed('A', ['X']);
      assert.deepEqual(turns.typesInTurn('A', ['X', 'Y']), ['Y', 'X'], text);
    }
  });
});
