import { fillingFolder, itFills } from './rebuild-into-fills.js';

describe('rebuild --into BigQuery', function () {
  this.timeout(400_000);
  itFills('BigQuery', fillingFolder());
});
