import { mkdirSync, writeFileSync } from 'node:fs';
import { docsPages } from './docs-pages.js';

mkdirSync('docs', { recursive: true });
for (const [path, text] of docsPages()) writeFileSync(path, text);
