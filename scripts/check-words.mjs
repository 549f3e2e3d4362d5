import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Finds retired words and comments that are too wide in everything that people read: code, tests,
 * scripts and documentation. Prints each place with the word to use instead, and exits with 1 if
 * there are any.
 */
const retired = [
  [/\bmend(s|ed|ing)?\b/i, 'fix, repair'],
  [/\banew\b/i, 'again'],
  [/, say\b/, 'for example'],
  [/\b(be|is|are|was|were|been) told\b|\btold (of|that|when|what|whether)\b/i, 'reported, notified, called'],
  [/\btells? of\b/i, 'reports, announces'],
  [/\b(for|from) want of\b/i, 'for lack of'],
  [/\bin hand\b/i, 'in flight, in progress'],
  [/\bin work\b/i, 'in progress'],
  [/\bstand(s|ing)? in (for|place)\b|\bstand-ins?\b/i, 'simulates, emulator'],
  [/\blet(s|ting)? go of\b|\bletGo/, 'evict, release'],
  [/\bonlookers?\b/i, 'background reader'],
  [/\bno more than\b.*\bsay\b/, 'at most'],
  [/\b(most|least|longest)[A-Z]\w*/, 'max…, min…'],
  [/\bGives (the|a|an|what|those|back)\b/, 'Returns'],
  [/\bmade-up\b/i, 'invented'],
];
const maxCommentColumns = 100;

/** Places where a retired word is right, by file and text. */
const allowed = [
  ['scripts/check-words.mjs', ''],
  ['docs/glossary.md', ''],
];

const files = execFileSync(
  'git',
  ['ls-files', 'src', 'test', 'scripts', 'docs', 'schemas', '*.md', '*.yaml'],
  {
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter(
    (file) =>
      /\.(ts|cts|mjs|js|md|yaml|css|html)$|^scripts\/[\w-]+$/.test(file) &&
      !file.startsWith('test/fixtures/'),
  );

let problems = 0;
for (const file of files) {
  readFileSync(file, 'utf8')
    .split('\n')
    .forEach((line, index) => {
      for (const [pattern, instead] of retired) {
        const found = pattern.exec(line);
        if (found && !isAllowed(file, line)) report(file, index, `"${found[0]}": write ${instead}`);
      }
      const isComment = /^\s*(\/\/|\/\*|\*)/.test(line) && /\.(ts|cts|mjs|js)$/.test(file);
      if (isComment && line.length > maxCommentColumns && !/https?:\/\//.test(line)) {
        report(file, index, `a comment of ${line.length} columns: wrap it at ${maxCommentColumns}`);
      }
    });
}
if (problems > 0) console.error(`${problems} lines to reword. docs/glossary.md has the vocabulary.`);
process.exitCode = problems > 0 ? 1 : 0;

function isAllowed(file, line) {
  return allowed.some(([allowedFile, text]) => file === allowedFile && line.includes(text));
}

function report(file, index, message) {
  problems += 1;
  console.error(`${file}:${index + 1} ${message}`);
}
