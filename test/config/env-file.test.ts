import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parseVariables } from '../../src/config/env-file.js';
import { checkConfig, readConfig } from '../../src/config/read.js';
import { errorOf, env, folderWith, pipeline, seller } from './world.js';

/** A folder with settings that name three variables, and with this .env. */
function folderWithEnv(text: Buffer | string, settings = seller() + pipeline()): string {
  const folder = folderWith(settings);
  writeFileSync(join(folder, '.env'), text, { mode: 0o600 });
  return folder;
}

const complete = 'ID=file-id\nSECRET=file-secret\nTOKEN=file-token\n';

/** Writes a value so that every parser of such files reads it unchanged. */
const quoted = (value: string) => `'${value}'`;

describe('.env beside pipelines.yaml', () => {
  it('provides the variables that the environment lacks', () => {
    const { sellers } = readConfig({ cwd: folderWithEnv(complete), env: {} });
    assert.deepEqual(sellers[0]?.credentials, {
      clientId: 'file-id',
      clientSecret: 'file-secret',
      refreshToken: 'file-token',
    });
  });

  it('gives way to the environment, except to empty variables', () => {
    const { sellers } = readConfig({ cwd: folderWithEnv(complete), env: { ID: 'real-id', SECRET: '' } });
    assert.deepEqual(sellers[0]?.credentials, {
      clientId: 'real-id',
      clientSecret: 'file-secret',
      refreshToken: 'file-token',
    });
  });

  it('is looked for beside the settings, not in the current folder', () => {
    const elsewhere = folderWithEnv('ID=wrong\n');
    const path = join(folderWithEnv(complete), 'pipelines.yaml');
    assert.equal(readConfig({ cwd: elsewhere, path, env: {} }).sellers[0]?.credentials.clientId, 'file-id');
  });

  it('adds to the environment only what the libraries of AWS and Google look for there', () => {
    const real: NodeJS.ProcessEnv = { AWS_REGION: 'us-east-1' };
    const keys = 'AWS_ACCESS_KEY_ID=AKIA\nAWS_REGION=eu-west-1\nGOOGLE_APPLICATION_CREDENTIALS=key.json\n';
    readConfig({ cwd: folderWithEnv(complete + keys), env: real });
    assert.deepEqual(real, {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'AKIA',
      GOOGLE_APPLICATION_CREDENTIALS: 'key.json',
    });
  });

  it('shows where each variable comes from, and which are missing', () => {
    const settings = `${seller()}lake: \${LAKE:-lake}\n${pipeline()}`;
    const cwd = folderWithEnv('ID=file-id\n', settings);
    const { variables, problems } = checkConfig({ cwd, env: { SECRET: 'real-secret' } });
    assert.deepEqual(variables, { ID: '.env', SECRET: 'environment', TOKEN: 'unset', LAKE: 'default' });
    assert.deepEqual(
      problems.map(({ message }) => message),
      ['$TOKEN is not set in the environment or in .env; set it'],
    );
  });

  it('is not needed', () => {
    const { variables, exposure } = checkConfig({ cwd: folderWith(seller() + pipeline()), env });
    assert.deepEqual(variables, { ID: 'environment', SECRET: 'environment', TOKEN: 'environment' });
    assert.equal(exposure, undefined);
  });

  it('is reported if other users may open it', function () {
    if (process.platform === 'win32') this.skip();
    const cwd = folderWithEnv(complete);
    assert.equal(checkConfig({ cwd, env: {} }).exposure, undefined);
    chmodSync(join(cwd, '.env'), 0o644);
    assert.match(
      checkConfig({ cwd, env: {} }).exposure?.found ?? '',
      /other users may open it \(mode 0644\)/,
    );
  });

  it('is named in the mistakes if it is a folder', () => {
    const cwd = folderWith(seller() + pipeline());
    mkdirSync(join(cwd, '.env'));
    const [problem] = checkConfig({ cwd, env: { SECRET: 's', TOKEN: 't' } }).problems;
    assert.match(
      problem?.message ?? '',
      /\$ID is not set in the environment or in \.env, which is a folder;/,
    );
  });

  it('is refused if it is not text', () => {
    for (const bytes of [Buffer.from(complete, 'utf16le'), Buffer.from([0x41, 0x3d, 0xff])]) {
      const error = errorOf(() => readConfig({ cwd: folderWithEnv(bytes), env }));
      assert.deepEqual([error.code, error.details.found], ['FILE_UNREADABLE', 'not UTF-8 text']);
    }
  });

  it('is refused with the line of each mistake, and without a value', () => {
    const mistakes: [text: string, line: number, message: string][] = [
      ['ID\nSECRET=s3cr3t\n', 1, 'expected NAME=value, a comment or a blank line'],
      ['ID: s3cr3t\n', 1, 'expected NAME=value, a comment or a blank line'],
      ['MY-ID=s3cr3t\n', 1, 'expected NAME=value, a comment or a blank line'],
      ['# ids\n\nID=s3cr3t\nID=s3cr3t2\n', 4, 'ID is set a second time'],
      ['ID=s3#cr3t\n', 1, 'the value would end at #; write it in quotes, or a blank before a comment'],
      ['ID=#s3cr3t\n', 1, 'the value would end at #; write it in quotes, or a blank before a comment'],
      ['ID="s3cr3t\nSECRET=x\n', 1, 'the quote " is not closed'],
      ['ID="s3cr3t"x\n', 1, 'there is more behind the closing quote'],
      ['ID=${s3cr3t}\n', 1, 'variables are not filled in here; write the value itself'],
    ];
    for (const [text, line, message] of mistakes) {
      const error = errorOf(() => readConfig({ cwd: folderWithEnv(text), env }));
      assert.equal(error.code, 'ENV_FILE_INVALID');
      assert.equal(error.details.problems, `.env:${line} ${message}`, text);
      assert.ok(!error.message.includes('s3cr3t'), text);
    }
  });

  it('is read with a byte order mark, line ends of any kind, `export`, blanks and comments', () => {
    const text = '\uFEFFA=1\r\n  export  B = two words  \r\n# no\rC="a # b" # c\n\tD=x # y\nE=\nF=a=b==';
    assert.deepEqual(parseVariables(text), {
      values: { A: '1', B: 'two words', C: 'a # b', D: 'x', E: '', F: 'a=b==' },
      mistakes: [],
    });
  });

  it('keeps any value in single quotes unchanged, over several lines too', () => {
    const name = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,8}$/);
    const value = fc
      .string({ unit: fc.constantFrom(...'aZ09 #="`$\\{}|\n\t\u00e9') })
      .filter((each) => each.trim() === each);
    fc.assert(
      fc.property(fc.dictionary(name, value), (variables) => {
        const text = Object.entries(variables).map(([key, each]) => `${key}=${quoted(each)}\n`);
        const { values, mistakes } = parseVariables(text.join(''));
        assert.deepEqual([{ ...values }, mistakes], [{ ...variables }, []]);
      }),
    );
  });

  it('keeps an unquoted value unchanged, or names its line', () => {
    const value = fc
      .string({ unit: fc.constantFrom(...'aZ09 #="`\'$\\{}|.-'), minLength: 1 })
      .filter((each) => each.trim() === each && !/^["'`]/.test(each) && !/\s#/.test(each));
    fc.assert(
      fc.property(value, (each) => {
        const { values, mistakes } = parseVariables(`B=1\nA=${each}\nC=2\n`);
        if (mistakes.length > 0) assert.deepEqual([mistakes[0]?.line, mistakes.length], [2, 1]);
        else assert.deepEqual({ ...values }, { A: each, B: '1', C: '2' });
      }),
    );
  });
});
