import { itSurvivesMounts } from './mount-cases.js';

describe('another folder that is a separate mount:', () => {
  itSurvivesMounts({ readOnly: ['raw', 'state', 'warehouse'], full: ['raw', 'lake', 'state'] });
});
