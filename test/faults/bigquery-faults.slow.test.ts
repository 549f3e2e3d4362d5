import { itSurvives } from './fault-cases.js';
import { faultCases, takesBigQuery } from './fault-table.js';

describe('any fault between the program and BigQuery:', () => {
  itSurvives(faultCases.filter(takesBigQuery));
});
