// An axis as a picture: median milliseconds on the left, processor time on the right; a line for each work. Cost is drawn in powers of ten,
// so that what doubles looks the same wherever it lies, and what stays is flat. The colours change with the reader's.

const [WIDTH, HEIGHT, TOP, BOTTOM] = [860, 330, 66, 42];
const PANELS = [
  { left: 52, width: 350 },
  { left: 490, width: 350 },
];
const COLOURS = 5;

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600 } .note { fill: #57606a }
  .grid { stroke: #d0d7de; stroke-width: 1 } .line { fill: none; stroke-width: 2 }
  .c0 { stroke: #0969da } .c1 { stroke: #bf8700 } .c2 { stroke: #1a7f37 } .c3 { stroke: #8250df } .c4 { stroke: #cf222e }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .note { fill: #9198a1 } .grid { stroke: #3d444d }
    .c0 { stroke: #4493f8 } .c1 { stroke: #d29922 } .c2 { stroke: #3fb950 } .c3 { stroke: #ab7df8 } .c4 { stroke: #f85149 }
  }`;

/**
 * @param {{ title: string, unit: string, isLog: boolean, isPerNode: boolean }} axis
 * @param {{ x: number, nodes?: number, lines: { title: string, p50: number, serverMs: number, postgresMs: number }[] }[]} points
 * @returns {string} an SVG document.
 */
export function growthChart(axis, points) {
  const of = axis.isPerNode ? 'a record' : 'a request';
  const share = ({ nodes }) => (axis.isPerNode ? nodes : 1);
  const panels = [
    { title: `Median ms ${of}`, value: (point, line) => line.p50 / share(point) },
    { title: `CPU ms ${of}, server and PostgreSQL`, value: (point, line) => (line.serverMs + line.postgresMs) / share(point) },
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${axis.title}: cost against ${axis.unit}">
<style>${STYLE}
</style>
<text class="title" x="8" y="18">${axis.title}</text>
${points[0].lines.map(legend).join('\n')}
${panels.map((panel, index) => drawn({ ...panel, ...PANELS[index] }, axis, points)).join('\n')}
</svg>
`;
}

function legend({ title }, index) {
  const left = 8 + index * 150;
  return `<path class="line c${index % COLOURS}" d="M${left} 34h16" /><text x="${left + 22}" y="38">${title}</text>`;
}

function drawn({ title, value, left, width }, { unit, isLog }, points) {
  const series = points[0].lines.map((_, index) => points.map((point) => value(point, point.lines[index])));
  const ticks = ticksAround(series.flat());
  const base = HEIGHT - BOTTOM;
  const yOf = (ms) => base - between(ms, ticks[0], ticks.at(-1), true) * (base - TOP - 12);
  const xOf = (x) => left + between(x, points[0].x, points.at(-1).x, isLog) * (width - 24) + 12;
  const grid = ticks.map((ms) => {
    const y = yOf(ms).toFixed(1);
    return `<path class="grid" d="M${left} ${y}h${width}" /><text class="note" text-anchor="end" x="${left - 6}" y="${(yOf(ms) + 4).toFixed(1)}">${ms}</text>`;
  });
  const below = points.map(
    ({ x }) =>
      `<text class="note" text-anchor="middle" x="${xOf(x).toFixed(1)}" y="${base + 16}">${x.toLocaleString('en')}</text>`,
  );
  const lines = series.map((values, index) => {
    const path = values.map((ms, place) => `${place === 0 ? 'M' : 'L'}${xOf(points[place].x).toFixed(1)} ${yOf(ms).toFixed(1)}`);
    return `<path class="line c${index % COLOURS}" d="${path.join('')}" />`;
  });
  const named = `<text class="title" x="${left}" y="${TOP - 6}">${title}</text><text class="note" text-anchor="middle" x="${left + width / 2}" y="${base + 34}">${unit}</text>`;
  return [named, ...grid, ...below, ...lines].join('\n');
}

/** 1, 2 and 5 times powers of ten, from below the least value to above the most. */
function ticksAround(values) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const all = [-4, -3, -2, -1, 0, 1, 2, 3, 4].flatMap((power) => [1, 2, 5].map((step) => Number(`${step}e${power}`)));
  const from = all.findLastIndex((tick) => tick <= least);
  const to = all.findIndex((tick) => tick >= most);
  return all.slice(Math.max(0, from), to + 1);
}

/** Where a value lies between two others, from 0 to 1. */
function between(value, low, high, isLog) {
  const place = isLog ? Math.log : (each) => each;
  return (place(value) - place(low)) / (place(high) - place(low) || 1);
}
