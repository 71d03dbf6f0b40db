import { escapeControls } from '../bronze/beginning.js';
import { rejectedSummary, type RejectedLayer, type RejectedReason, type RejectedSummary } from '../report/rejected.js';
import { count, plural } from './output.js';
import { forEachPart } from './parts.js';

const defaultSamples = 3;

export const run = forEachPart(async (context, dataset) => {
  const summary = await rejectedSummary(context.lake, dataset, context.config.samples ?? defaultSamples);
  context.result(summary, rejectedLines(dataset.name, summary));
  return 0;
});

export function rejectedLines(dataset: string, { layers, reasons }: RejectedSummary): string[] {
  const lines = layers.flatMap((layer) => [layerLine(dataset, layer), ...reasons.filter((each) => each.layer === layer.layer).flatMap(reasonLines)]);
  if (reasons.length === 0) return [...lines, 'nothing is rejected'];
  return [...lines, `When the contract is mended, \`ingot replay ${dataset}\` takes these rows through it again; with --plan it says first what would move.`];
}

function layerLine(dataset: string, { layer, rejected, rows }: RejectedLayer): string {
  if (rows === 0) return `${layer}  has no rows of ${dataset} yet`;
  return `${layer}  ${count(rejected)} of ${plural(rows, 'row')} rejected${rejected === 0 ? '' : `, ${percent(rejected / rows)}`}`;
}

function reasonLines({ reason, rows, share, first_received_at, last_received_at, details, samples }: RejectedReason): string[] {
  return [
    `        ${reason}: ${plural(rows, 'row')}, ${percent(share)}, received ${first_received_at === last_received_at ? `at ${first_received_at}` : `from ${first_received_at} to ${last_received_at}`}`,
    ...(details.length === 0 ? [] : [`          most often ${details.map(({ detail, rows: times }) => `${quoted(detail)} (${count(times)})`).join(', ')}`]),
    ...samples.map(({ message_id, body }) => `          ${escapeControls(message_id)}  ${body === '' ? '(empty)' : body}`),
  ];
}

function quoted(text: string): string {
  const shown = Array.from(text).slice(0, 60).join('');
  return `"${escapeControls(shown)}${shown.length < text.length ? '…' : ''}"`;
}

/** `0.034%`. */
export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(2))}%`;
}
