import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/runtime/clock.js';
import { openSweepTurns } from '../../src/discovery/sweep-turns.js';
import { recordedWarnings, silent } from '../files/recorded-warnings.js';

describe('the turns of sweeps', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sweep-turns-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const sellers = [{ id: 'A' }, { id: 'B' }, { id: 'C' }];

  it('go first to the seller, and to the types of a seller, that waited longest', async () => {
    let nowMs = 1_000_000;
    const clock = { ...systemClock, now: () => nowMs };
    const turns = openSweepTurns(folder, { ...silent, clock });
    assert.deepEqual(turns.sellersInTurn(sellers), sellers);
    await turns.listed('A', ['Y']);
    nowMs += 5;
    await turns.listed('B', ['X']);
    nowMs += 5;
    await turns.listed('A', ['X']);
    assert.deepEqual(
      turns.sellersInTurn(sellers).map(({ id }) => id),
      ['C', 'B', 'A'],
    );
    assert.deepEqual(openSweepTurns(folder, silent).typesInTurn('A', ['X', 'Y', 'Z', 'W']), [
      'W',
      'Z',
      'Y',
      'X',
    ]);
    assert.deepEqual(turns.typesInTurn('C', ['X', 'Y']), ['X', 'Y']);
  });

  it('begin again if their state is damaged', async () => {
    for (const text of ['{', 'null', '[]', '"x"']) {
      writeFileSync(join(folder, 'sweeps.json'), text);
      const options = recordedWarnings();
      const turns = openSweepTurns(folder, options);
      assert.deepEqual(turns.typesInTurn('A', ['Y', 'X']), ['X', 'Y'], text);
      await turns.listed('A', ['X']);
      assert.deepEqual(turns.typesInTurn('A', ['X', 'Y']), ['Y', 'X'], text);
      assert.match(options.warnings.join(), /sweeps\.json is damaged .*begin again/, text);
    }
  });
});
