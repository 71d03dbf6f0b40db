import type { Clock } from '../clock.js';
import { count, plural } from './output.js';

/** Says how far a piece of work is: `12 of 300 partitions, 4 %, 20 s left`. */
export function pace(clock: Clock, one: string, many = `${one}s`): (done: number, of: number) => string {
  const startedAtMs = clock.nowMs();
  return (done, of) => {
    const tookMs = clock.nowMs() - startedAtMs;
    const share = of === 0 ? 100 : Math.floor((done * 100) / of);
    const left = done === 0 || tookMs <= 0 ? '' : `, ${time(((of - done) * tookMs) / done)} left`;
    return `${count(done)} of ${plural(of, one, many)}, ${share} %${left}`;
  };
}

/** `20 s`, `3 min`, `2.5 h`. */
function time(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 100) return `${Math.ceil(seconds)} s`;
  return seconds < 6000 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
