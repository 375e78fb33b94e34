/** A Markdown table as prettier lays it out: the first column to the left; others to the right when they hold figures. */
export function table([head, ...rows]) {
  const isFigure = head.map((_, column) => column > 0 && rows.every((row) => /^[\d.,/ –]+$/.test(row[column])));
  const widths = head.map((cell, column) => Math.max(3, cell.length, ...rows.map((row) => row[column].length)));
  const rule = widths.map((width, column) => (isFigure[column] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  const aligned = [head, ...rows].map((row) => row.map((cell, column) => pad(cell, widths[column], isFigure[column])));
  return [aligned[0], rule, ...aligned.slice(1)].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function pad(cell, width, right) {
  return right ? cell.padStart(width) : cell.padEnd(width);
}
