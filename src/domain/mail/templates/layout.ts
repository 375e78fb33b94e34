import { escapeHtml as escape } from '../../../lib/escape-html.js';
import type { Words } from './words.js';

const WIDTH = 76;

/** For programs that show text, and people who prefer it. */
export function textOf({ greeting, paragraphs, action, notes }: Words): string {
  const link = action ? [`${action.label}:\n${action.link}`] : [];
  return `${[greeting, ...paragraphs, ...link, ...notes].map(wrap).join('\n\n')}\n\n-- \nPulse CRM\n`;
}

/** Everything is escaped here: templates and what people typed hold no HTML. */
export function htmlOf({ subject, greeting, paragraphs, action, notes }: Words, language: string): string {
  const body = [
    ...[greeting, ...paragraphs].map((text) => `<p style="${TEXT}">${escape(text)}</p>`),
    ...(action ? [`<p style="${TEXT}"><a href="${escape(action.link)}" style="${BUTTON}">${escape(action.label)}</a></p>`] : []),
    ...notes.map((text) => `<p style="${NOTE}">${escape(text)}</p>`),
  ];
  return `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(subject)}</title></head>
<body style="margin:0;padding:24px;background:#f4f5f7">
<div style="max-width:560px;margin:0 auto;padding:24px 32px;background:#ffffff;border-radius:8px">
${body.join('\n')}
<p style="${NOTE}">Pulse CRM</p>
</div>
</body>
</html>
`;
}

const FONT = 'font-family:-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif';
const TEXT = `${FONT};font-size:16px;line-height:1.5;color:#1f2328`;
const NOTE = `${FONT};font-size:13px;line-height:1.5;color:#59636e`;
const BUTTON = 'display:inline-block;padding:12px 20px;border-radius:6px;background:#1f4fd8;color:#ffffff;text-decoration:none';

/** Links stay whole: a program that breaks lines makes only the first one a link. */
function wrap(text: string): string {
  return text
    .split('\n')
    .map((line) => (line.includes('://') ? line : wrapLine(line)))
    .join('\n');
}

function wrapLine(line: string): string {
  const lines = [''];
  for (const word of line.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && last.length + word.length >= WIDTH) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines.join('\n');
}
