import { mkdirSync, writeFileSync } from 'node:fs';
import { badInputPage } from '../test/errors/bad-input.js';
import { docsPages } from './docs-pages.js';

mkdirSync('docs', { recursive: true });
for (const [path, text] of docsPages()) writeFileSync(path, text);
writeFileSync('docs/bad-input.md', await badInputPage());
