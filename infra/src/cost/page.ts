import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { assumed, measured, prices, type Fact } from './facts.js';
import { estimate, number, type Estimate, type Volume } from './estimate.js';

/** Once in six hours, at the last: an hour's gold of so much would not end within it. */
const volumes: readonly Volume[] = [{ gibDaily: 1, refreshesDaily: 24 }, { gibDaily: 50, refreshesDaily: 24 }, { gibDaily: 500, refreshesDaily: 4 }];
/** One action of `actions` as JSON, docs/sizing.md. */
const smallEventBytes = 199;

const page = fileURLToPath(new URL('../../../docs/cost.md', import.meta.url));

/** The tables of docs/cost.md, by the names of their places. */
export function tables(): Readonly<Record<string, string>> {
  const all = volumes.map((volume) => estimate(volume));
  return {
    months: monthsTable(all),
    ...Object.fromEntries(all.map((each) => [`lines-${each.gibDaily}`, linesTable(each)])),
    instead: insteadTable(all),
    prices: factsTable('USD for', prices),
    measured: factsTable('measured', measured),
    assumed: factsTable('assumed', assumed),
  };
}

/** The page with its tables put in. @throws Error when a table has no place in it */
export function filled(text: string): string {
  return Object.entries(tables()).reduce((before, [name, table]) => {
    const place = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- end -->)`);
    if (!place.test(before)) throw new Error(`docs/cost.md has no place for ${name}`);
    return before.replace(place, (_all, begin: string, end: string) => `${begin}${table}\n${end}`);
  }, text);
}

export function pageText(): string {
  return readFileSync(page, 'utf8');
}

function monthsTable(all: readonly Estimate[]): string {
  return rows(['a day', 'events a day', 'consumers', 'stored after a month', 'scratch of a date of gold', 'silver and gold on', 'a month', 'each month of history more'], all.map((each) => [
    `${each.gibDaily} GiB`, number(each.messagesDaily), String(each.consumers), `${number(each.gbMonthly.stored)} GB`, `${number(each.scratchGib)} GiB`,
    each.onFargate ? 'Fargate' : 'a machine with NVMe', usd(each.usd), usd(each.usdMonthMore),
  ]));
}

function linesTable({ lines, usd: total }: Estimate): string {
  return rows(['', 'arithmetic', 'USD a month'], [...lines.map((line) => [line.service, line.arithmetic, usd(line.usd)]), ['**All**', '', `**${usd(total)}**`]]);
}

/** What the same volumes cost otherwise. */
function insteadTable(all: readonly Estimate[]): string {
  const line = (each: Estimate, service: string): number => each.lines.filter((one) => one.service.startsWith(service)).reduce((sum, one) => sum + one.usd, 0);
  return rows(['a day', `SQS, of events of ${smallEventBytes} bytes`, 'a NAT gateway in two zones, in place of endpoints', 'endpoints'], all.map((each) => {
    const gb = (each.gibDaily * 2 ** 30 * (365 / 12)) / 1e9;
    return [`${each.gibDaily} GiB`, usd(line(estimate(each, smallEventBytes), 'SQS')), usd(2 * 730 * prices.natHour.value + gb * prices.natGb.value), usd(line(each, 'Endpoints'))];
  }));
}

function factsTable(title: string, facts: Readonly<Record<string, Fact>>): string {
  return rows([title, '', 'from'], Object.values(facts).map(({ value, unit, from }) => [String(value), unit, from]));
}

function rows(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}

function usd(value: number): string {
  if (value >= 100) return `$${Math.round(value).toLocaleString('en-US')}`;
  return `$${value.toFixed(2)}`;
}

/** `npm run cost`: writes the tables into the page. */
if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, filled(pageText()));
