// Tables between marks in docs/BENCHMARKS.md; what people wrote around them stays.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { product } from '../settings.mjs';

/** @throws Error when the document has lost a mark. */
export function intoDocument(begin, end, text) {
  const file = path.join(product, 'docs/BENCHMARKS.md');
  const document = readFileSync(file, 'utf8');
  const [before, after] = [document.indexOf(begin), document.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`docs/BENCHMARKS.md has lost the marks “${begin}” and “${end}”.`);
  writeFileSync(file, `${document.slice(0, before + begin.length)}\n\n${text}\n\n${document.slice(after)}`);
}
