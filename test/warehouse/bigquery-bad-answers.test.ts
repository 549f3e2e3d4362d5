import assert from 'node:assert/strict';
import { badAnswers } from './bigquery-answers.js';
import { BadAnswers } from './bigquery-bad-answers.js';

/** `npm run test:slow` tries all answers at all requests. */
describe('a commit to BigQuery that gets a bad answer', () => {
  let world: BadAnswers;
  before(() => {
    world = new BadAnswers();
  });
  after(() => world.close());

  it('ends with an error of the catalogue or not at all, and all documents load afterwards', async () => {
    const sample = Object.entries(badAnswers).filter((_, index) => index % 4 === 0);
    let given = 0;
    // A commit makes about 50 requests.
    for (const [index, [name, answer]] of sample.entries()) {
      if (await world.at((index * 11) % 45, name, answer)) given += 1;
    }
    // A job ends badly only if the request begins one.
    assert.ok(given > sample.length / 2, String(given));
  });
});
