import { readdir, readFile } from 'node:fs/promises';

const folder = new URL('../page/', import.meta.url);

const types: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

export interface PageFile {
  text: string;
  type: string;
}

/** Reads the files of the page, by path; routes answer with `/index.html` and `/login.html`. */
export async function readPageFiles(): Promise<Map<string, PageFile>> {
  const files = new Map<string, PageFile>();
  for (const name of await readdir(folder)) {
    const type = types[name.slice(name.lastIndexOf('.') + 1)];
    if (type) files.set(`/${name}`, { text: await readFile(new URL(name, folder), 'utf8'), type });
  }
  return files;
}
