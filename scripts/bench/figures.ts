import { spreadOf, type Cost, type Side, type Spread } from './measure.js';

/** A side's median. */
export interface Quantity {
  readonly name: string;
  readonly events: number;
  /** Null for memory. */
  readonly wallMs: number | null;
  readonly cpuMs: number | null;
  /** Null for time. */
  readonly peakBytes: number | null;
}

export interface Aim {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** One comparison: Ingot against a peer, or against itself with less input. */
export interface Figure {
  readonly part: string;
  readonly what: string;
  readonly ours: Quantity;
  readonly peer: Quantity;
  /** Time: how many times as fast as the peer Ingot is, event by event, pair by pair; of `share` and memory: how many times as much. */
  readonly ratio: Spread;
  /** The same by CPU time, which other work on the machine hardly changes. */
  readonly cpuRatio: Spread | null;
  readonly aim: Aim | null;
  /** By the median of `ratio`; null where there is no aim. */
  readonly met: boolean | null;
}

/** A part's figures, and what it could not do. */
export interface PartResult {
  readonly figures: readonly Figure[];
  readonly notes: readonly string[];
}

/** Compares two sides' runs pair by pair. */
export function compare(part: string, what: string, ours: readonly [Side, readonly Cost[]], peer: readonly [Side, readonly Cost[]], aim: Aim | null): Figure {
  const share = peer[0].events === 0 ? 1 : ours[0].events / peer[0].events;
  const ratios = (of: (cost: Cost) => number): Spread =>
    spreadOf(ours[1].map((cost, pair) => (of(peer[1][pair]!) * share) / Math.max(of(cost), 0.001)));
  const ratio = ratios((cost) => cost.wallMs);
  return { part, what, ours: medianOf(...ours), peer: medianOf(...peer), ratio, cpuRatio: ratios((cost) => cost.cpuMs), aim, met: isMet(ratio.median, aim) };
}

/** What our runs cost, as a share of what the peer's cost: 0.05 is a twentieth. The sides need not have as many runs. */
export function share(part: string, what: string, ours: readonly [Side, readonly Cost[]], peer: readonly [Side, readonly Cost[]], aim: Aim | null): Figure {
  const shares = (of: (cost: Cost) => number): Spread => {
    const whole = Math.max(spreadOf(peer[1].map(of)).median, 0.001);
    return spreadOf(ours[1].map((cost) => of(cost) / whole));
  };
  const ratio = shares((cost) => cost.wallMs);
  return { part, what, ours: medianOf(...ours), peer: medianOf(...peer), ratio, cpuRatio: shares((cost) => cost.cpuMs), aim, met: isMet(ratio.median, aim) };
}

function medianOf({ name, events }: Side, costs: readonly Cost[]): Quantity {
  return { name, events, wallMs: spreadOf(costs.map((cost) => cost.wallMs)).median, cpuMs: spreadOf(costs.map((cost) => cost.cpuMs)).median, peakBytes: null };
}

/** Whether a ratio reaches its aim. */
export function isMet(ratio: number, aim: Aim | null): boolean | null {
  if (aim === null) return null;
  return ratio >= (aim.atLeast ?? -Infinity) && ratio <= (aim.atMost ?? Infinity);
}

/** `Landing a file: … 812 ms, peer 650 ms; 0.80 (0.78–0.83), by CPU 0.85; aim ≥ 0.8: met`. */
export function figureLine({ what, ours, peer, ratio, cpuRatio, aim, met }: Figure): string {
  const verdict = aim === null ? 'no aim' : `aim ${aimText(aim)}: ${met === true ? 'met' : 'NOT MET'}`;
  const cpu = cpuRatio === null ? '' : `, by CPU ${twoDigits(cpuRatio.median)}`;
  return `${what}: ${quantityText(ours)} | ${peer.name} ${quantityText(peer)} | ${spreadText(ratio)}${cpu} | ${verdict}`;
}

/** The figures as a table in Markdown. */
export function tableLines(figures: readonly Figure[]): string[] {
  const rows = figures.map((figure) => [
    figure.what,
    quantityText(figure.ours),
    `${figure.peer.name}: ${quantityText(figure.peer)}`,
    spreadText(figure.ratio),
    figure.cpuRatio === null ? '' : twoDigits(figure.cpuRatio.median),
    figure.aim === null ? '' : aimText(figure.aim),
    figure.met === null ? '' : figure.met ? 'yes' : '**no**',
  ]);
  return [['what', 'Ingot', 'peer', 'ratio (min–max)', 'by CPU', 'aim', 'met'], ['---', '---', '---', '---', '---', '---', '---'], ...rows].map((row) => `| ${row.join(' | ')} |`);
}

function quantityText({ events, wallMs, cpuMs, peakBytes }: Quantity): string {
  if (wallMs === null) return `${Math.round((peakBytes ?? 0) / 1e6)} MB at ${grouped(events)} events`;
  const perSecond = wallMs > 0 ? `, ${grouped(Math.round((events * 1000) / wallMs))}/s` : '';
  return `${grouped(Math.round(wallMs))} ms (CPU ${grouped(Math.round(cpuMs ?? 0))})${perSecond}`;
}

function aimText(aim: Aim): string {
  return [...(aim.atLeast === undefined ? [] : [`≥ ${aim.atLeast}`]), ...(aim.atMost === undefined ? [] : [`≤ ${aim.atMost}`])].join(', ');
}

/** A ratio far below 1 needs a third digit to tell anything. */
const twoDigits = (value: number): string => value.toFixed(value < 0.1 ? 3 : 2);
const spreadText = ({ median, min, max }: Spread): string => `${twoDigits(median)} (${twoDigits(min)}–${twoDigits(max)})`;
const grouped = (value: number): string => value.toLocaleString('en-US');
