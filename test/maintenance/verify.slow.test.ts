import { describeRepairs, parquetDamages, rawDamages, recordDamages } from './verify-damages.js';

describeRepairs('damage of any kind that verify repairs', {
  parquet: parquetDamages,
  record: recordDamages,
  raw: rawDamages,
});
