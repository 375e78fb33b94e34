// The overview as a picture: for each work, requests a second of every contender as a share of PostGraphile's. Readable on light and
// dark pages: the colours change with the reader's.
import { PEER } from '../contenders/index.mjs';

const [WIDTH, LEFT, RIGHT, BAR, GAP] = [860, 190, 70, 13, 16];
const MOST = 4;

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600 } .note { fill: #57606a }
  line { stroke: #8c959f; stroke-width: 1 }
  .pulse { fill: #0969da } .postgraphile { fill: #bf8700 } .usual { fill: #8c959f } .limit { fill: #1a7f37 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .note { fill: #9198a1 } line { stroke: #6e7681 }
    .pulse { fill: #4493f8 } .postgraphile { fill: #d29922 } .usual { fill: #6e7681 } .limit { fill: #3fb950 }
  }`;

/** @returns {string} an SVG document. */
export function chart(works, connections) {
  let top = 54;
  const parts = works.flatMap(({ title, figures }) => {
    const peer = figures.find(({ name }) => name === PEER).at[connections].perSecond;
    const bars = figures.map(({ name, at }, index) => bar(name, at[connections].perSecond, peer, top + index * BAR));
    const label = `<text class="title" x="8" y="${top + BAR * 2}">${escaped(title)}</text>`;
    top += figures.length * BAR + GAP;
    return [label, ...bars];
  });
  const one = x(1);
  const height = top + 8;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Requests a second against PostGraphile">
<style>${STYLE}
</style>
<text class="title" x="8" y="18">Requests a second at ${connections} connections; PostGraphile is 1</text>
${legend(works[0].figures)}
<line x1="${one}" x2="${one}" y1="46" y2="${height - 8}" />
${parts.join('\n')}
</svg>
`;
}

function bar(name, perSecond, peer, y) {
  const share = perSecond / peer;
  const end = x(Math.min(share, MOST));
  const text = `${share.toFixed(2)} (${perSecond.toFixed(0)})`;
  return `<rect class="${name}" x="${LEFT}" y="${y}" width="${(end - LEFT).toFixed(1)}" height="${BAR - 2}" /><text class="note" x="${(end + 5).toFixed(1)}" y="${y + 10}">${text}</text>`;
}

function legend(figures) {
  return figures
    .map(({ name, title }, index) => {
      const left = 8 + index * 150;
      return `<rect class="${name}" x="${left}" y="28" width="11" height="11" /><text x="${left + 16}" y="38">${escaped(title)}</text>`;
    })
    .join('\n');
}

function x(share) {
  return LEFT + (share / MOST) * (WIDTH - LEFT - RIGHT - 30);
}

function escaped(text) {
  return text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
