import { z } from 'zod';
import { omitQuotations, withoutValues } from '../privacy/omit-quotations.js';
import type { Coverage } from '../requests/read-coverage.js';
import { tablePeriods } from '../requests/table-periods.js';
import { mayHoldPersonalData } from '../schema/personal-data.js';
import type { ReportSchemas } from '../schema/types.js';
import { tableFreshness } from '../status/freshness.js';
import { didYouMean } from '../text/nearest-name.js';
import { ReportsError } from '../errors/reports-error.js';
import { explainDocument } from '../warehouse/ledger/explain-document.js';
import type { LedgerField, Warehouse } from '../warehouse/types.js';
import { answerLimits, type WarehouseReader } from './warehouse-reader.js';
import type { ShownRelation } from './shown-relations.js';

/** What the tools read. */
export interface ToolSources {
  reader: WarehouseReader;
  warehouse: Warehouse;
  schemas: ReportSchemas;
  clock: { now(): number };
  showsPersonalData: boolean;
  /** The states of the periods of all tables. */
  coverage: () => Promise<Coverage[]>;
}

/** A tool that a model may call. */
export interface Tool<Input extends z.ZodObject = z.ZodObject> {
  name: string;
  title: string;
  description: string;
  input: Input;
  /** Returns what the model reads, as JSON. */
  call(input: z.output<Input>, sources: ToolSources, signal: AbortSignal): Promise<object>;
}

const relationName = z.string().min(1).describe('Name of a table or view, as list_tables returns it.');

/** All tools. Each only reads. */
export const tools: Tool[] = [
  tool({
    name: 'list_tables',
    title: 'List tables and views',
    description:
      'Lists the tables and views of the warehouse with what a row of each is about, the number of rows, and when data was loaded last. Views answer common questions, such as profit per SKU: look at them first.',
    input: z.object({}),
    async call(_, { reader, warehouse }) {
      const loaded = new Map((await warehouse.tables()).map((table) => [table.name.toLowerCase(), table]));
      const problems = await reader.viewProblems();
      return {
        relations: (await reader.relations()).map(({ name, isView, description }) => {
          const { rows, lastLoadedAt } = loaded.get(name.toLowerCase()) ?? {};
          return { name, kind: isView ? 'view' : 'table', description, rows, lastLoadedAt };
        }),
        viewsNotMade: problems.size > 0 ? Object.fromEntries(problems) : undefined,
      };
    },
  }),
  tool({
    name: 'describe_table',
    title: 'Describe a table or view',
    description: 'Returns the columns of a table or view, with their types and meanings.',
    input: z.object({ name: relationName }),
    async call({ name }, { reader }) {
      const { hidden, ...relation } = await relationNamed(name, reader);
      const note = hidden.length > 0 ? `hidden, as they have personal data: ${hidden.join(', ')}` : undefined;
      return { ...relation, note };
    },
  }),
  tool({
    name: 'sample_rows',
    title: 'Show some rows',
    description: 'Returns a few rows of a table or view, in no particular order.',
    input: z.object({ name: relationName, rows: z.int().min(1).max(50).default(5) }),
    async call({ name, rows }, { reader }, signal) {
      const relation = await relationNamed(name, reader);
      return reader.query(`SELECT * FROM ${reader.identifier(relation.name)} LIMIT ${rows}`, signal, rows);
    },
  }),
  tool({
    name: 'run_query',
    title: 'Run a SQL query',
    description: `Runs one SQL query that reads, in the dialect of the warehouse. Returns at most ${answerLimits.rows} rows and ${answerLimits.bytes / 1000} kB: aggregate in SQL. isCut says that there are more rows. Decimals and 64-bit integers are strings, so that no digit is lost; times are in UTC.`,
    input: z.object({
      sql: z
        .string()
        .min(1)
        .describe('One statement, such as SELECT sku, sum(profit) FROM profit_by_sku GROUP BY sku.'),
      maxRows: z.int().min(1).max(answerLimits.rows).default(answerLimits.rows),
    }),
    call: ({ sql, maxRows }, { reader }, signal) => reader.query(sql, signal, maxRows),
  }),
  tool({
    name: 'freshness',
    title: 'Show how fresh the data is',
    description:
      'Returns, for each table and seller, the age of the newest report, the usual interval between reports, and whether the table is stale.',
    input: z.object({}),
    async call(_, { warehouse, clock }) {
      const overview = await warehouse.overview();
      return { tables: tableFreshness(overview?.tables ?? [], clock.now()) };
    },
  }),
  tool({
    name: 'gaps',
    title: 'Show missing periods',
    description:
      'Returns the periods for which a table has no data, or not yet all of it, with the reason. Look at it before you explain why a figure is low.',
    input: z.object({ table: relationName.optional() }),
    async call({ table }, { coverage }) {
      const periods = tablePeriods(await coverage(), { onlyGaps: true });
      return { gaps: table === undefined ? periods : periods.filter((period) => period.table === table) };
    },
  }),
  tool({
    name: 'list_documents',
    title: 'List documents',
    description:
      'Lists documents of the ledger, the newest first: what was loaded from each, and for quarantined ones the code of the reason.',
    input: z.object({
      status: z.enum(['loaded', 'empty', 'quarantined', 'fatal', 'cancelled', 'skipped']).optional(),
      table: relationName.optional(),
      limit: z.int().min(1).max(100).default(20),
    }),
    async call({ status, table, limit }, { warehouse }) {
      const filter = { statuses: status && [status], documentOrTable: table };
      const rows = await warehouse.loadFields(listed, { ...filter, limit });
      const documents = rows.map(({ tables: loaded, ...row }) => ({
        ...row,
        rows: Object.fromEntries(loaded.map((each) => [each.name, each.rows])),
      }));
      return { documents, all: await warehouse.countLoads(filter) };
    },
  }),
  tool({
    name: 'explain_document',
    title: 'Explain a document',
    description:
      'Returns all that is known about one document: what it loaded, why it was quarantined and what to do about it, warnings, decisions, rejected values.',
    input: z.object({ document: z.string().min(1).describe('The document id or report id.') }),
    async call({ document }, sources) {
      const [row, another] = await sources.warehouse.loads({ documentOrTable: document, limit: 2 });
      if (!row || another)
        throw new ReportsError('NAME_UNKNOWN', { kind: 'document', found: document, hint: notOne });
      const { body: _, ...explanation } = await explainDocument(row, sources.warehouse);
      const isOpen =
        sources.showsPersonalData || !mayHoldPersonalData(sources.schemas.get(row.reportType ?? ''));
      return isOpen ? explanation : withoutQuotations(explanation);
    },
  }),
];

const notOne = 'list_documents lists documents with their ids.';

const listed = [
  'loadedAt',
  'status',
  'reportType',
  'sellerId',
  'documentId',
  'reportId',
  'dataStart',
  'dataEnd',
  'tables',
  'rejects',
  'reasonCode',
] as const satisfies LedgerField[];

/** Lets TypeScript infer the input of each tool. */
function tool<Input extends z.ZodObject>(given: Tool<Input>): Tool {
  return given as unknown as Tool;
}

/** Errors: NAME_UNKNOWN. */
async function relationNamed(name: string, reader: WarehouseReader): Promise<ShownRelation> {
  const relations = await reader.relations();
  const relation = relations.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (relation) return relation;
  const names = relations.map((each) => each.name);
  const hint = `list_tables lists all of them${didYouMean(name, names)}.`;
  throw new ReportsError('NAME_UNKNOWN', { kind: 'table or view', found: name, hint });
}

type Explanation = Awaited<ReturnType<typeof explainDocument>>;

/** What is known of a document that may have personal data, without what quotes it. */
function withoutQuotations({ rejectGroups, reason, notes, ...rest }: Omit<Explanation, 'body'>): object {
  return {
    ...omitQuotations({ ...rest, notes: [] }, new Set()),
    notes: notes.map((note) => withoutValues(note)),
    reason: reason === null ? null : withoutValues(reason),
    rejectGroups: rejectGroups.map(({ examples: _, ...group }) => group),
  };
}
