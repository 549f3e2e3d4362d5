import assert from 'node:assert/strict';
import { fuzz } from './fuzz.js';

describe('mutated documents, notifications, settings, schemas and answers', function () {
  this.timeout(120_000);

  it('are read, by both engines alike, or refused by an error of the catalogue', async () => {
    const { failures, answers, cases } = await fuzz(300, 1);
    assert.deepEqual(failures, []);
    // Some of each, or nothing was tried.
    assert.ok((answers.read ?? 0) > 50 && Object.keys(answers).length > 4, JSON.stringify(answers));
    assert.deepEqual([...new Set(Object.values(cases))], [50]);
  });
});
