import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { metricDefinitions } from '../../src/status/metrics.js';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const page = read('docs/status.md');

describe('the documentation of the status page', () => {
  it('lists each metric with its type, labels and meaning, and no others', () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| `sp_reports_'));
    const wanted = metricDefinitions.map(
      ({ name, type, labels, help }) =>
        `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
    );
    assert.deepEqual(rows, wanted);
  });

  it('has a dashboard that queries only metrics and labels that exist', () => {
    const { panels, templating } = JSON.parse(read('docs/deploy/grafana-dashboard.json')) as {
      panels: { targets: { expr: string; legendFormat: string }[] }[];
      templating: { list: { query: string }[] };
    };
    const questions = [
      ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
      ...templating.list.map(({ query }) => query),
    ];
    const known = new Map(metricDefinitions.map(({ name, labels }) => [name, labels]));
    const queried = new Set<string>();
    for (const question of questions) {
      for (const [name] of question.matchAll(/sp_reports_\w+/g)) {
        const metric = name.replace(/_(bucket|sum|count)$/, '');
        assert.ok(known.has(metric), `${name} in ${question}`);
        queried.add(metric);
        const own = new Set([...(known.get(metric) ?? []), 'job', 'le']);
        const [, by = ''] = /by \(([^)]*)\)/.exec(question) ?? [];
        const selected = [...question.matchAll(/(\w+)=~?"/g)].map(([, label = '']) => label);
        for (const label of [...by.split(', ').filter(Boolean), ...selected])
          assert.ok(own.has(label), `${label} of ${name} in ${question}`);
      }
    }
    assert.ok(queried.size > 12, 'the dashboard queries most of them');
    for (const { targets } of panels) {
      for (const { expr, legendFormat } of targets) {
        for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
          assert.match(expr, new RegExp(`by \\([^)]*\\b${label}\\b`));
      }
    }
  });

  it('has its pictures', () => {
    const pictures = [...page.matchAll(/(?:\(|src(?:set)?=")(images\/[^)"]+)/g)].map(
      ([, path]) => `docs/${path}`,
    );
    assert.ok(pictures.length > 2);
    for (const path of pictures) assert.ok(existsSync(new URL(path, root)), path);
  });
});
