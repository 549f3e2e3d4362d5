import assert from 'node:assert/strict';
import fc from 'fast-check';
import { doPatternsMeet } from '../../src/config/overlap-problems.js';
import { matchesReportType } from '../../src/config/report-types.js';
import { configOf, mistakesIn, seller } from './world.js';
import { runs } from '../property-runs.js';

const queue = 'https://sqs.us-east-1.amazonaws.com/123456789012/reports';
const pipelines = (...each: { queue?: string; types?: string }[]) =>
  `${seller()}pipelines:\n${each
    .map(
      ({ queue: url = queue, types }, index) =>
        `  - name: p${index}\n    schedule: '0 * * * *'\n    queue: ${url}\n${types ? `    reportTypes: ${types}\n` : ''}`,
    )
    .join('')}`;

describe('pipelines of one queue', () => {
  it('are refused if both load a type, at the types of the later one', () => {
    assert.deepEqual(
      mistakesIn(
        pipelines({ types: '[GET_SALES_AND_TRAFFIC_REPORT, GET_X]' }, { types: '[GET_Y, GET_X]' }, {}),
      ),
      [
        'pipelines.yaml:16:18 pipelines[1].reportTypes: GET_X is also in pipeline p0, which drains the same queue: a message goes to whichever receives it first; give each type to one of them, or use two queues',
        'pipelines.yaml:19:12 pipelines[2].queue: * overlaps with GET_SALES_AND_TRAFFIC_REPORT of pipeline p0, which drains the same queue: a message goes to whichever receives it first; give each type to one of them, or use two queues',
      ],
    );
  });

  it('are accepted if no type can be of both', () => {
    const config = configOf(
      pipelines({ types: '[GET_V2_*, GET_FLAT_*_TAX]' }, { types: '[GET_V1_*, GET_FLAT_*_SHIPPING]' }),
    );
    assert.equal(config.pipelines.length, 2);
  });

  it('of other queues may load the same types', () => {
    assert.equal(configOf(pipelines({}, { queue: `${queue}-2` })).pipelines.length, 2);
  });
});

describe('two patterns of report types', () => {
  const pattern = fc.array(fc.constantFrom('A', 'B', '*'), { maxLength: 6 }).map((parts) => parts.join(''));
  const text = fc.array(fc.constantFrom('A', 'B'), { maxLength: 8 }).map((parts) => parts.join(''));

  it('meet if some text matches both, and only then', () => {
    const texts = [''];
    for (let index = 0; index < texts.length; index++)
      if ((texts[index] as string).length < 10) texts.push(`${texts[index]}A`, `${texts[index]}B`);
    fc.assert(
      fc.property(pattern, pattern, (a, b) => {
        // The shortest common text has no more letters than both patterns together.
        const common = texts.some((each) => matchesReportType([a], each) && matchesReportType([b], each));
        assert.equal(doPatternsMeet(a, b), common);
        assert.equal(doPatternsMeet(b, a), common);
      }),
      { numRuns: runs(50) },
    );
  });

  it('meet if one of them is a text that the other matches', () => {
    fc.assert(
      fc.property(pattern, text, (a, b) => assert.equal(doPatternsMeet(a, b), matchesReportType([a], b))),
    );
  });
});
