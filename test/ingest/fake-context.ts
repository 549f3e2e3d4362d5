import { pino } from 'pino';
import { systemClock } from '../../src/runtime/clock.js';
import { pipelineSpec } from '../../src/config/pipeline-spec.js';
import { readConfig } from '../../src/config/read.js';
import { type RequestConfig, requestSpec } from '../../src/config/request-spec.js';
import { sellerSpec } from '../../src/config/seller-spec.js';
import type { Config, Pipeline } from '../../src/config/spec.js';
import type { PipelineContext } from '../../src/ingest/context.js';
import { packagedSchemasFolder, readSchemas } from '../../src/schema/read.js';
import type { ReportSchemas } from '../../src/schema/types.js';
import { SharedWork } from '../../src/ingest/shared-work.js';
import type { SellingPartner } from '../../src/source/types.js';
import type { Warehouse } from '../../src/warehouse/types.js';

type Seller = Config['sellers'][number];

/**
 * The parts of a context that a test provides; of the larger ones only the members that are used.
 */
export interface ContextParts
  extends Partial<Omit<PipelineContext, 'config' | 'warehouse' | 'sellingPartner'>> {
  config?: Partial<Config>;
  warehouse?: Partial<Warehouse>;
  sellingPartner?: (sellerId: string) => Partial<SellingPartner> | undefined;
}

/**
 * A context of these parts. Settings have their defaults, schemas are the packaged ones, the log is
 * silent. A test that uses a part that it did not provide fails with the name of the part.
 */
export function fakeContext({ config, warehouse, sellingPartner, ...parts }: ContextParts): PipelineContext {
  const settings = readConfig({ cwd: import.meta.dirname, env: {}, missing: 'defaults' });
  const context: Omit<PipelineContext, 'shared'> = onlyThese<PipelineContext>('context', {
    config: { ...settings, ...config },
    schemas: packagedSchemas(),
    clock: systemClock,
    log: pino({ level: 'silent' }),
    onEvent: () => {},
    documentQuota: () => unlimited,
    requestQuota: () => unlimited,
    ...parts,
    ...(warehouse && { warehouse: onlyThese<Warehouse>('warehouse', warehouse) }),
    ...(sellingPartner && {
      sellingPartner: (sellerId) => {
        const members = sellingPartner(sellerId);
        return members && onlyThese<SellingPartner>('sellingPartner', { sellerId, ...members });
      },
    }),
  });
  return onlyThese<PipelineContext>('context', { ...context, shared: new SharedWork(context) });
}

/** The quota of a test that is not about it. */
const unlimited = {
  available: () => Number.MAX_SAFE_INTEGER,
  nextAvailableMs: () => 0,
  possibleUntil: () => Number.MAX_SAFE_INTEGER,
};

let packaged: ReportSchemas | undefined;

/** The packaged schemas, which are read once. */
function packagedSchemas(): ReportSchemas {
  packaged ??= readSchemas({ folders: [packagedSchemasFolder()] });
  return packaged;
}

/** A pipeline of the settings, with defaults for what a test does not set. */
export function fakePipeline(members: Partial<Pipeline> = {}): Pipeline {
  const queue = 'https://sqs.us-east-1.amazonaws.com/123456789012/reports';
  return { ...pipelineSpec.parse({ name: 'all', schedule: '0 0 1 1 *', queue }), ...members };
}

/** A `request` entry of a pipeline, with defaults for what a test does not set. */
export function fakeRequest(members: Partial<RequestConfig> & { reportType: string }): RequestConfig {
  return { ...requestSpec.parse({ reportType: members.reportType, cron: '0 0 * * *' }), ...members };
}

/** A seller of the settings, with defaults for what a test does not set. */
export function fakeSeller({ clientId = 'the application', ...members }: FakeSeller): Seller {
  const credentials = { clientId, clientSecret: 'secret', refreshToken: 'token' };
  const { id } = members;
  return { ...sellerSpec.parse({ id, region: 'na', marketplaces: ['US'], credentials }), ...members };
}

type FakeSeller = Partial<Omit<Seller, 'credentials'>> & { id: string; clientId?: string };

/** These members as the whole; any other member throws when it is used. */
export function onlyThese<T extends object>(name: string, members: Partial<T>): T {
  return new Proxy(members, {
    get(target, key, receiver) {
      // A promise that resolves to it checks whether it is a promise itself.
      if (key in target || typeof key === 'symbol' || key === 'then')
        return Reflect.get(target, key, receiver);
      throw new Error(`the test gives no ${name}.${key}`);
    },
  }) as T;
}
