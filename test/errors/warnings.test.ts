import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Warning, type WarningCode, warningCatalogue } from '../../src/errors/warnings.js';
import { warningProvocations } from './provocations/warnings.js';
import { command } from './provoke.js';

/** Codes that no document provokes, each with the reason. */
const unprovoked: Partial<Record<WarningCode, string>> = {};

describe('the catalogue of warnings', () => {
  it('has documents that provoke each code, or a reason why there are none', () => {
    const codes = [...Object.keys(warningProvocations), ...Object.keys(unprovoked)];
    assert.deepEqual(codes.toSorted(), Object.keys(warningCatalogue).toSorted());
    for (const [code, reason] of Object.entries(unprovoked)) assert.ok(reason.length > 20, code);
  });

  it('has each of its codes in docs/errors.md', () => {
    const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
    for (const code of Object.keys(warningCatalogue)) assert.ok(page.includes(`\n| \`${code}\` | `), code);
  });

  for (const [code, { input, documents }] of Object.entries(warningProvocations)) {
    it(`has ${code} for ${input}, in load, the ledger and loads, with its remedy`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'sp-reports-warning-'));
      try {
        let last = '';
        for (const [index, { content, type, marketplaces, options = [] }] of documents.entries()) {
          writeFileSync(join(folder, `${index}.txt`), content);
          const made = ['--created', `2026-10-0${index + 1}`];
          const from = marketplaces === undefined ? [] : ['--marketplace', marketplaces];
          const rest = ['--type', type, '--new-type', '--json', ...made, ...from, ...options];
          const { stdout, stderr } = await command(folder, 'load', `${index}.txt`, ...rest);
          assert.ok(stdout, stderr);
          last = stdout;
        }
        const { warnings, status, documentId, reason } = JSON.parse(last);
        assert.equal(status, 'loaded', reason);
        assert.deepEqual([...new Set(warnings.map((each: Warning) => each.code))], [code], last);
        const shown = await command(folder, 'loads', documentId, '--json');
        const explained = JSON.parse(shown.stdout).warnings as (Warning & { remedy?: string })[];
        assert.deepEqual(
          explained.map(({ remedy: _, ...warning }) => warning),
          warnings,
        );
        for (const { message, remedy } of explained) {
          assert.ok((remedy ?? '').length > 20, code);
          assert.doesNotMatch(`${message} ${remedy}`, /[{}]|undefined|\bnull\b/);
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});
