import assert from 'node:assert/strict';
import { warningCatalogue } from '../../src/errors/warnings.js';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalogue, type ErrorCode, ReportsError } from '../../src/errors/reports-error.js';
import { badInputPage } from './bad-input.js';
import { amazonProvocations } from './provocations/amazon.js';
import { badInputProvocations, documentProvocations } from './provocations/documents.js';
import { machineProvocations } from './provocations/machine.js';
import { postgresProvocations } from './provocations/postgres.js';
import { settingsProvocations } from './provocations/settings.js';
import { storageProvocations } from './provocations/storage.js';
import { provokedCodes } from './provoke.js';

const root = new URL('../../', import.meta.url).pathname;

let badInputs: Promise<string> | undefined;
/** The page of bad inputs, made once: the program runs on each of them. */
const page = () => {
  badInputs ??= badInputPage();
  return badInputs;
};

/** The answer to each input of that page. */
async function badInputCodes(): Promise<Map<string, string>> {
  const rows = (await page()).matchAll(/^\| ([^|]+) \| [^|]+ \| ([A-Z_]+) \|/gm);
  return new Map([...rows].map(([, input = '', code = '']) => [input, code]));
}

const provocations = {
  ...settingsProvocations,
  ...amazonProvocations,
  ...documentProvocations,
  ...badInputProvocations(badInputCodes),
  ...machineProvocations,
  ...storageProvocations,
  ...postgresProvocations,
};

/** Codes that no test provokes, each with the reason. */
const unprovoked: Partial<Record<ErrorCode, string>> = {};

describe('the error catalogue', () => {
  it('has each of its codes in docs/errors.md, and no others', () => {
    const page = readFileSync(join(root, 'docs', 'errors.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (terminal|retryable) \| (.+) \| (.+) \|$/gm)];
    assert.deepEqual(
      rows.map(([, code, kind]) => [code, kind]),
      Object.entries(catalogue).map(([code, { kind }]) => [code, kind]),
    );
    for (const [, code, , , remedy] of rows) assert.ok((remedy ?? '').length > 10, code);
  });

  it('decides by the kind of an error whether to retry it, unless the code that throws it knows better', () => {
    for (const [code, { kind }] of Object.entries(catalogue)) {
      const error = new ReportsError(code as ErrorCode);
      assert.equal(error.retry, kind === 'retryable' ? 'later' : 'never');
      const cause = new Error('cause');
      const soon = new ReportsError(code as ErrorCode, {}, { retry: 'now', cause });
      assert.deepEqual([soon.retry, soon.kind, soon.cause], ['now', kind, cause]);
    }
  });

  it('has each code in only one area, so that none hides another', () => {
    const folder = join(root, 'src', 'errors');
    const codes = readdirSync(folder).flatMap((name) =>
      [...readFileSync(join(folder, name), 'utf8').matchAll(/^ {2}([A-Z_]+): \{$/gm)].map(([, code]) => code),
    );
    const all = [...Object.keys(catalogue), ...Object.keys(warningCatalogue)];
    assert.deepEqual(codes.sort(), all.sort());
  });

  it('answers bad input as docs/bad-input.md says (npm run docs writes it)', async () => {
    assert.equal(readFileSync(join(root, 'docs', 'bad-input.md'), 'utf8'), await page());
  });

  it('has a provocation for each code, or a reason why there is none', () => {
    const codes = [...Object.keys(provocations), ...Object.keys(unprovoked)];
    assert.deepEqual(codes.toSorted(), Object.keys(catalogue).toSorted());
    for (const [code, reason] of Object.entries(unprovoked)) assert.ok(reason.length > 20, code);
  });

  for (const [code, provocation] of Object.entries(provocations)) {
    it(`reports ${code} for ${provocation.input}`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'sp-reports-error-'));
      try {
        assert.deepEqual(await provokedCodes(provocation, folder), [code]);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});
