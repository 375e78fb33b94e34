import { once } from 'node:events';
import { createGzip } from 'node:zlib';
import type { Part } from './subject-content.js';
import { headHtml, listHtml, recordHtml, TAIL_HTML } from './subject-page.js';

/** What stands at the beginning of an export. */
export interface ExportHead {
  exportedAt: string;
  organization: { id: string; name: string };
  contactId: string;
}

/** The same content twice, compressed (gzip). */
export interface ExportFiles {
  json: Buffer;
  html: Buffer;
}

/**
 * Writes both files as the content is read: of what they say no more than a part is in memory, beside what is compressed already. Between
 * parts others have their turn.
 */
export async function writeFiles(head: ExportHead, content: AsyncIterable<Part>): Promise<ExportFiles> {
  const [json, html] = [packer(), packer()];
  const { exportedAt, organization, contactId } = head;
  const begin = JSON.stringify({ format: 'pulse-subject-export-1', exportedAt, organization, contactId });
  await Promise.all([json.write(`${begin.slice(0, -1)},"lists":[`), html.write(headHtml(head))]);
  let list: Part['list'] | null = null;
  let isFirst = true;
  for await (const part of content) {
    if (part.list !== list) {
      const { name, categories } = part.list;
      const opening = `${list ? ']},' : ''}{"name":${JSON.stringify(name)},"categories":${JSON.stringify(categories)},"records":[`;
      await Promise.all([json.write(opening), html.write(listHtml(part.list, part.records.length === 0))]);
      list = part.list;
      isFirst = true;
    }
    if (part.records.length === 0) continue;
    const texts = part.records.map((record) => JSON.stringify(record)).join(',\n');
    await Promise.all([json.write(isFirst ? texts : `,\n${texts}`), html.write(part.records.map(recordHtml).join(''))]);
    isFirst = false;
  }
  await Promise.all([json.write(`${list ? ']}' : ''}]}\n`), html.write(TAIL_HTML)]);
  return { json: await json.end(), html: await html.end() };
}

interface Packer {
  /** Resolves when the text has been compressed, on a thread of libuv's. */
  write(text: string): Promise<void>;
  end(): Promise<Buffer>;
}

function packer(): Packer {
  const gzip = createGzip();
  const packed: Buffer[] = [];
  gzip.on('data', (chunk: Buffer) => packed.push(chunk));
  return {
    write: (text) =>
      new Promise((resolve, reject) => {
        gzip.write(text, (error) => (error ? reject(error) : resolve()));
      }),
    end: async () => {
      gzip.end();
      await once(gzip, 'end');
      return Buffer.concat(packed);
    },
  };
}
