import type { Logger } from 'pino';
import type { Store } from '../store/types.js';
import { pluralize } from '../text/pluralize.js';
import type { Warehouse } from '../warehouse/types.js';
import { recordPathsOf, recordsFolder } from './load-record.js';

/**
 * Warns if the lake knows loads and the warehouse none: its file, schema or dataset is gone, and
 * what is committed from now on makes a new one without the rows of before.
 */
export async function warnOfLostWarehouse({
  warehouse,
  lake,
  log,
}: {
  warehouse: Warehouse;
  lake: Store;
  log: Logger;
}): Promise<void> {
  const [known] = await warehouse.loadFields(['key'], { limit: 1 });
  if (known) return;
  const records = recordPathsOf(await lake.list(recordsFolder), lake);
  if (records.length === 0) return;
  log.warn(
    { loads: records.length },
    `the warehouse has no loads, but the lake has the records of ${pluralize(records.length, 'load')}: the tables lack their rows. If the warehouse was lost, run \`sp-reports rebuild\``,
  );
}
