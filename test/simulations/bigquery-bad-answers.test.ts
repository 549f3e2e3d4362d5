import assert from 'node:assert/strict';
import { badAnswers } from '../warehouse/bigquery-answers.js';
import { BadAnswers } from '../warehouse/bigquery-bad-answers.js';

describe('a commit to BigQuery that gets a bad answer at each request in turn', function () {
  this.timeout(1_800_000);

  let world: BadAnswers;
  before(() => {
    world = new BadAnswers();
  });
  after(() => world.close());

  for (const [name, answer] of Object.entries(badAnswers)) {
    it(`loads all documents afterwards: ${name}`, async () => {
      let given = 0;
      for (let position = 0; position < 55; position += 1) {
        if (await world.at(position, name, answer)) given += 1;
      }
      assert.ok(given > 5, String(given));
    });
  }
});
