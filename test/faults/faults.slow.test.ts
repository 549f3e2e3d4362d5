import { itSurvives, itSurvivesFileFaults } from './fault-cases.js';
import { faultCases, takesBigQuery } from './fault-table.js';
import { writtenFolders } from './file-fault-table.js';

describe('any fault between the program and Amazon or a bucket:', () => {
  itSurvives(faultCases.filter((each) => !takesBigQuery(each)));
});

describe('any fault between the program and a folder:', () => {
  for (const folder of writtenFolders) {
    for (const lasts of ['once', 'on'] as const) itSurvivesFileFaults(folder, lasts);
  }
});
