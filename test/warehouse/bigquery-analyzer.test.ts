import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type Analysis, analyze, analyzerProgram } from './analyzer/analyzer.js';
import { differences, expressions, textInBigQuery, textInDuckDb, type } from './analyzer/expressions.js';
import { reads } from './analyzer/reads.js';
import type { Recorded } from './analyzer/recorder.js';
import { statementsOf, tablesNamedIn } from './analyzer/recorded-tables.js';
import { accepted, refused, setUp } from './analyzer/refusals.js';
import { loads, packaged } from './analyzer/scenario.js';
import { Scene } from './analyzer/scene.js';

const run = (sql: string) => ({ do: 'run', sql, dataset: 'd', isDryRun: false }) as const;

if (analyzerProgram) {
  describe("Google's SQL analyzer", () => {
    it('accepts what BigQuery accepts, and refuses what BigQuery refuses', async () => {
      const statements = [...accepted, ...Object.values(refused).map(([sql]) => sql)];
      // Nothing changes in a dry run, so each statement finds the same tables.
      const dryRuns = statements.map((sql) => ({ ...run(sql), isDryRun: true }));
      const [made, ...answers] = await analyze([run(setUp), ...dryRuns]);
      assert.equal(made?.error, null);
      const errors = answers.map(({ error }) => error);
      for (const [index, sql] of accepted.entries()) assert.equal(errors[index], null, sql);
      for (const [index, [title, [sql, error]]] of Object.entries(refused).entries()) {
        assert.match(errors[accepted.length + index] ?? 'accepted', error, `${title}: ${sql}`);
      }
    });

    it('computes the same texts, keys and bounds as DuckDB, but for those that the docs list', async () => {
      const same = await expressions();
      const other = differences.map(({ type: name, value }) => textInBigQuery(type(name), value));
      const answers = await analyze(
        [...same.map(({ sql }) => sql), ...other].map((sql) => ({ do: 'evaluate', sql }) as const),
      );
      const found = answers.map(({ error, value }) => error ?? value);
      assert.deepEqual(
        Object.fromEntries(same.map(({ title, sql }, index) => [`${title}: ${sql}`, found[index]])),
        Object.fromEntries(same.map(({ title, sql, expected }) => [`${title}: ${sql}`, expected])),
      );
      const texts = await Promise.all(differences.map((each) => textInDuckDb(type(each.type), each.value)));
      assert.deepEqual(
        differences.map((each, index) => ({
          ...each,
          bigQuery: found[same.length + index],
          duckDb: texts[index],
        })),
        differences,
      );
      const docs = readFileSync(new URL('../../docs/bigquery.md', import.meta.url), 'utf8');
      for (const { type: name, bigQuery } of differences) {
        assert.ok(docs.includes(name === 'json' ? 'members are sorted' : `\`${bigQuery}\``), bigQuery);
      }
    });

    describe('reads what the program sends to BigQuery', () => {
      let scene: Scene;
      const steps: { title: string; from: number; to: number }[] = [];
      let answers: Analysis[];
      before(async () => {
        scene = await Scene.open();
        const { recorded } = scene.recorder;
        for (const [title, step] of Object.entries({ ...loads, ...packaged, ...reads })) {
          const from = recorded.length;
          await step(scene);
          steps.push({ title, from, to: recorded.length });
        }
        answers = await analyze(recorded);
      });
      after(() => scene?.close());

      for (const title of Object.keys({ ...loads, ...packaged, ...reads })) {
        it(`and accepts it: ${title}`, () => {
          const { from, to } = steps.find((step) => step.title === title) as (typeof steps)[number];
          assert.ok(to > from, 'nothing was sent');
          for (let at = from; at < to; at += 1) {
            const sent = scene.recorder.recorded[at] as Recorded;
            const { error } = answers[at] as Analysis;
            // What the recorder refuses, the analyzer must refuse too.
            const isRefused = sent.do === 'run' && sent.refusal !== undefined;
            assert.equal(
              error !== null,
              isRefused,
              `${error}\n${JSON.stringify(sent, null, 1).replaceAll('\\n', '\n')}`,
            );
          }
        });
      }

      it('and finds the statements and tables that costs are reckoned from', () => {
        for (const [at, sent] of scene.recorder.recorded.entries()) {
          if (sent.do !== 'run' || sent.isDryRun || sent.refusal !== undefined) continue;
          if (!sent.sql.startsWith('BEGIN TRANSACTION')) continue;
          const found = (answers[at]?.statements ?? [])
            .filter(({ kind }) => !/^(Begin|Commit|Rollback)$/.test(kind))
            .map(({ tables }) =>
              tables
                .map((name) => name.replace(/^d\./, ''))
                // Temporary tables count for nothing, as the bytes are a lower bound.
                .filter((name) => !name.startsWith('_history_'))
                .sort(),
            );
          const reckoned = statementsOf(sent.sql).map((sql) => tablesNamedIn(sql).sort());
          assert.deepEqual(reckoned, found, sent.sql);
        }
      });
    });
  });
} else {
  it("Google's SQL analyzer: pending, as BIGQUERY_ANALYZER is not set; see scripts/bigquery-analyzer");
}
