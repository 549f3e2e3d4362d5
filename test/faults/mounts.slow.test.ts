import { itSurvivesMounts } from './mount-cases.js';

describe('another folder that is a separate mount:', function () {
  this.timeout(120_000);
  itSurvivesMounts({ readOnly: ['raw', 'state', 'warehouse'], full: ['raw', 'lake', 'state'] });
});
