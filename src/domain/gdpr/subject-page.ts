import { createHash } from 'node:crypto';
import { escapeHtml as escape } from '../../lib/escape-html.js';
import type { ExportHead } from './subject-files.js';
import type { SubjectList } from './subject-lists.js';

const STYLE = `
body{font:16px/1.5 system-ui,sans-serif;color:#1f2328;max-width:60rem;margin:2rem auto;padding:0 1rem}
article{border:1px solid #d1d9e0;border-radius:6px;padding:.5rem 1rem;margin:1rem 0}
dl{display:grid;grid-template-columns:minmax(8rem,14rem) 1fr;gap:.25rem 1rem;margin:0}
dt{color:#59636e}dd{margin:0;overflow-wrap:anywhere;white-space:pre-wrap}ol{margin:0;padding-left:1.5rem}
.none{color:#59636e}`;

/** Of the page, as a header and in itself: opened from a disk it runs nothing and loads nothing either. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`;

export function headHtml({ exportedAt, organization, contactId }: ExportHead): string {
  const title = `What ${organization.name} holds about one person`;
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${PAGE_POLICY}">
<meta name="viewport" content="width=device-width"><meta name="referrer" content="no-referrer"><title>${escape(title)}</title><style>${STYLE}</style></head>
<body>
<h1>${escape(title)}</h1>
<p>As it was on ${escape(exportedAt)}. The person has the number ${escape(contactId)} there. Colleagues are shown by their numbers only.</p>
`;
}

/** The heading of a list. */
export function listHtml({ name, categories }: SubjectList, isEmpty: boolean): string {
  const tells = categories.length > 0 ? `<p>Can tell: ${escape(categories.join(', ').toLowerCase())}.</p>\n` : '';
  return `<h2>${escape(titleOf(name))}</h2>\n${tells}${isEmpty ? '<p class="none">Nothing.</p>\n' : ''}`;
}

export function recordHtml(record: Record<string, unknown>): string {
  return `<article>${valueHtml(record)}</article>\n`;
}

export const TAIL_HTML = '</body>\n</html>\n';

function valueHtml(value: unknown): string {
  if (Array.isArray(value)) return `<ol>${value.map((each) => `<li>${valueHtml(each)}</li>`).join('')}</ol>`;
  if (typeof value === 'object' && value !== null) {
    const told = Object.entries(value).filter(([, held]) => !isEmpty(held));
    return `<dl>${told.map(([name, held]) => `<dt>${escape(wordsOf(name))}</dt><dd>${valueHtml(held)}</dd>`).join('')}</dl>`;
  }
  return escape(typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value));
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}

/** `deals.activities` → `Activities of deals`. */
function titleOf(name: string): string {
  const [last = '', ...through] = name.split('.').reverse();
  return wordsOf([last, ...through].join(' of '));
}

/** `phoneE164`, `legal_holds` → `Phone e164`, `Legal holds`. Names that an organization chose stay as they are. */
function wordsOf(name: string): string {
  const words = name.replace(/(?<=[a-z])(?=[A-Z])|_/g, ' ').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
