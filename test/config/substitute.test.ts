import assert from 'node:assert/strict';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { isVariable, substituteFrom as substituteIn } from '../../src/config/substitute.js';
import { configOf, env, pipeline, seller } from './world.js';
import { runs } from '../property-runs.js';

/** Substitution at a position without a secret. */
const substituteFrom = (variables: NodeJS.ProcessEnv) => (text: string) =>
  substituteIn(variables)(text, ['lake']);

const name = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,12}$/);
/**
 * Any value that an environment variable can have; biased to characters with a meaning in YAML or
 * in this syntax.
 */
const value = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.constantFrom(
    'a: b',
    '[x]',
    '{}',
    '# x',
    '\n- y',
    '${A}',
    '$${A}',
    '}',
    '!!int 3',
    '*a',
    '&a',
    'null',
    'true',
    '012',
    '1e3',
    '"',
  ),
);

describe('environment variables in pipelines.yaml', () => {
  it('replace ${NAME} with their value, unchanged', () => {
    fc.assert(
      fc.property(name, value, fc.string(), fc.string(), (variable, text, before, after) => {
        const around = [before, after].map((each) => each.replaceAll('$', ''));
        const result = substituteFrom({ [variable]: text })(`${around[0]}\${${variable}}${around[1]}`);
        assert.deepEqual(result, { text: `${around[0]}${text}${around[1]}` });
      }),
    );
  });

  it('cannot bring YAML into the file: a text stays one text, whatever it contains', () => {
    fc.assert(
      fc.property(value, (text) => {
        const config = configOf(seller('    name: ${NAME}\n'), { env: { ...env, NAME: text } });
        assert.equal(config.sellers.length, 1);
        assert.equal(config.sellers[0]?.name, text);
      }),
      { numRuns: runs(40) },
    );
  });

  it('leave a text alone that names none, and unescape $${', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        // A function, because a dollar in a replacement text has a meaning of its own.
        const escaped = text.replaceAll('${', () => '$${');
        // A dollar before the brace would be read as the escape itself.
        fc.pre(!text.includes('$${'));
        assert.deepEqual(substituteFrom({})(escaped), { text });
      }),
      { examples: [['${'], ['${A}']] },
    );
    assert.deepEqual(substituteFrom({})('$${A}$${B:-x}'), { text: '${A}${B:-x}' });
  });

  it('fall back to the default if unset or empty', () => {
    const substitute = substituteFrom({ SET: 'set', EMPTY: '' });
    assert.deepEqual(substitute('${SET:-no}/${EMPTY:-b}/${UNSET:-a:-b $}/${UNSET:-}'), {
      text: 'set/b/a:-b $/',
    });
  });

  it('are all named in the error if unset without a default', () => {
    assert.deepEqual(substituteFrom({ C: '' })('${A}${B:-x}${C}'), {
      problem: '$A, $C is not set; set it, or write ${A:-default}',
      code: 'VARIABLE_UNSET',
    });
  });

  it('are not substituted if the name or the braces are wrong', () => {
    for (const text of ['${A', '${}', '${A-x}', '${1A}', '${a.b}', '${A:-${B}}', 'x${ A }']) {
      const result = substituteFrom({ A: 'a', B: 'b' })(text);
      assert.ok('problem' in result && result.problem.startsWith('not a variable'), text);
    }
  });

  it('may be numbers where a number is expected, even in quotes, and stay text elsewhere', () => {
    const limits = '    limits:\n      maxDocuments: ${MAX:-100}\n      maxMinutes: "${MINUTES}"\n';
    const config = configOf(seller('', { id: '${SELLER}' }) + pipeline(limits), {
      env: {
        ...env,
        ID: '0012',
        SECRET: '12345678901234567890',
        TOKEN: 'true',
        SELLER: '4711',
        MINUTES: '2.5',
      },
    });
    assert.deepEqual(
      [
        config.pipelines[0]?.limits.maxDocuments,
        config.pipelines[0]?.limits.maxMinutes,
        config.sellers[0]?.id,
      ],
      [100, 2.5, '4711'],
    );
    assert.deepEqual(config.sellers[0]?.credentials, {
      clientId: '0012',
      clientSecret: '12345678901234567890',
      refreshToken: 'true',
    });
  });

  it('are substituted only once', () => {
    const config = configOf(stringify({ lake: '/${A}' }), { env: { A: '${B}', B: 'no' } });
    assert.equal(config.lake, '/${B}');
  });

  it('are the only form of a credential, alone and without a default', () => {
    for (const text of ['${A}', '${LWA_CLIENT_ID}', '${_a1}']) assert.ok(isVariable(text), text);
    for (const text of ['x', '', 'x${A}', '${A}x', '${A:-x}', '$${A}', '${A}\n', 5, null]) {
      assert.ok(!isVariable(text), String(text));
    }
  });
});
