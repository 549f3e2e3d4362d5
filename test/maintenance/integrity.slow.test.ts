import { damages } from './damaged-files.js';
import { assertDownloadedAgain } from './downloaded-again.js';
import { describeDamages, metadataDamages } from './integrity-damages.js';
import { makeWorld } from '../ingest/world.js';

describe('raw documents that are damaged in any way, and that Amazon still has', () => {
  for (const damage of damages) {
    it(`are downloaded again by a reload and by a rebuild: ${damage.what}`, async () => {
      const world = await makeWorld();
      try {
        await assertDownloadedAgain(world, damage);
      } finally {
        await world.close();
      }
    });
  }
});

describeDamages('damage of any kind that the integrity check finds', { damages, metadataDamages });
