import assert from 'node:assert/strict';
import { withOpenFiles } from './open-files.js';

describe('a process that may open few files', () => {
  const commands = [
    ['demo', '--serve'],
    ['start'],
    ['run'],
    ['load', 'x.tsv', '--type', 'GET_X'],
    ['query', 'SELECT 1'],
  ];

  before(function () {
    // The limit is read from /proc.
    if (process.platform !== 'linux') this.skip();
  });

  for (const args of commands) {
    it(`ends \`${args[0]}\` at once with the limit to raise, and without a stack`, () => {
      const { code, stdout, stderr } = withOpenFiles(64, ...args);
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(
        stderr,
        /^error OPEN_FILES_LIMIT: .* may have 64 files open at once.*\n.*`ulimit -n 1024`.*\n$/,
      );
    });
  }
});
