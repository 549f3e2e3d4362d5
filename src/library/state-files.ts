import { join } from 'node:path';
import { sweepsJson } from '../discovery/sweep-turns.js';
import { describeError, errorCode } from '../errors/reports-error.js';
import { openSharedJson, type SharedJson, type SharedJsonOptions } from '../files/shared-json.js';
import { limitsJson } from '../requests/learned-limits.js';
import { requestsJson } from '../requests/request-file.js';
import { ticksJson } from '../runs/tick-log.js';
import { killedJson } from '../scheduling/crash-journal.js';
import { secretsJson } from '../source/selling-partner/client-secrets.js';
import { quotaJson } from '../source/selling-partner/quota.js';
import { alarmsJson } from '../status/alarms/alarms-file.js';

/** Every JSON file of the state folder, by its name. */
export const stateFiles: Record<
  string,
  (path: string, options: SharedJsonOptions) => Pick<SharedJson<object>, 'repair'>
> = {
  'quota.json': (path, options) => openSharedJson(path, quotaJson, options),
  'requests.json': (path, options) => openSharedJson(path, requestsJson, options),
  'limits.json': (path, options) => openSharedJson(path, limitsJson, options),
  'sweeps.json': (path, options) => openSharedJson(path, sweepsJson, options),
  'killed.json': (path, options) => openSharedJson(path, killedJson, options),
  'ticks.json': (path, options) => openSharedJson(path, ticksJson, options),
  'secrets.json': (path, options) => openSharedJson(path, secretsJson, options),
  'alarms.json': (path, options) => openSharedJson(path, alarmsJson, options),
};

/**
 * Sets damaged files of the state folder aside, with a warning for each, so that work begins with
 * their safe defaults. Never rejects: what can't be read or set aside fails again when it is used.
 */
export async function repairStateFiles(folder: string, { log }: SharedJsonOptions): Promise<void> {
  for (const [name, open] of Object.entries(stateFiles)) {
    try {
      await open(join(folder, name), { log }).repair();
    } catch (error) {
      log.warn({ code: errorCode(error) }, describeError(error));
    }
  }
}
