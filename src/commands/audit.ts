import { audit, type AuditSummary } from '../report/audit.js';
import { count, plural } from './output.js';
import { forEachPart } from './parts.js';

const maxShown = 50;

export const run = forEachPart(async (context, dataset) => {
  const summary = await audit(context.lake, dataset, await context.lake.tableNames('gold'));
  context.result(summary, auditLines(summary));
  return summary.balanced ? 0 : 1;
});

export function auditLines(summary: AuditSummary): string[] {
  const rows = (name: 'bronze' | 'silver' | 'rejected' | 'duplicates'): number => summary.dates.reduce((total, date) => total + date[name], 0);
  const lines = [
    `${count(summary.received)} received = ${count(summary.landed)} landed + ${count(summary.rejected)} rejected + ${count(summary.redelivered)} redelivered${summary.forgotten === 0 ? '' : ` + ${count(summary.forgotten)} forgotten`}`,
    summary.dates.length === 0 && summary.differences.length > 0 ? 'rows by event date were not counted: see the differences' : `${count(rows('bronze'))} in bronze = ${count(rows('silver'))} in silver + ${count(rows('rejected'))} rejected + ${count(rows('duplicates'))} duplicates, over ${plural(summary.dates.length, 'event date')}`,
  ];
  if (summary.pending > 0) lines.push(`${plural(summary.pending, 'row')} of bronze not in silver yet: run \`ingot silver\``);
  for (const difference of summary.differences.slice(0, maxShown)) lines.push(`difference: ${difference.message}`);
  if (summary.differences.length > maxShown) lines.push(`… and ${count(summary.differences.length - maxShown)} more differences`);
  if (summary.differences.some((difference) => difference.kind === 'file')) {
    lines.push('Files of bronze that are gone: put them back from a backup, or `ingot backfill --from` raw history. Of silver and gold: `ingot backfill` over their dates. Files in no version: `ingot vacuum`.');
  }
  lines.push(summary.balanced ? 'balanced' : 'not balanced');
  return lines;
}
