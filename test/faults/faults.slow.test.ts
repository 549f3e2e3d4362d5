import { itSurvives, itSurvivesFileFaults } from './fault-cases.js';
import { faultCases, takesBigQuery } from './fault-table.js';
import { writtenFolders } from './file-fault-table.js';

describe('any fault between the program and Amazon or a bucket:', function () {
  this.timeout(240_000);
  itSurvives(faultCases.filter((each) => !takesBigQuery(each)));
});

describe('any fault between the program and a folder:', function () {
  this.timeout(120_000);
  for (const folder of writtenFolders) {
    for (const lasts of ['once', 'on'] as const) itSurvivesFileFaults(folder, lasts);
  }
});
