import type { Engines } from './servers.js';
import type { Kind } from './kinds.js';
import type { LakeKind, Scope, SourceKind, Work } from './plan.js';

const sources: readonly SourceKind[] = ['files', 'sqs', 'elasticmq', 'kafka'];
const lakes: readonly LakeKind[] = ['local', 's3'];
const works: readonly Work[] = ['plain', 'forget', 'replay'];
const kinds: readonly Kind[] = ['kill', 'step', 'pause', 'torn', 'short', 'eio', 'enospc', 'fsync', 'slow', 'power', 'clock', 'http-500', 'http-503', 'http-lost', 'http-refused', 'http-cut-up', 'http-cut-down', 'http-stall', 'http-kill', 'sqs-partial', 'broker', 'tcp-cut'];

/** What `--only` names, as far as its servers are there. @throws Error for an unknown name, or when nothing is left */
export function scopeOf(only: string | undefined, engines: Engines): Scope & { readonly absent: readonly string[] } {
  const names = only === undefined ? [] : only.split(',').map((name) => name.trim());
  const unknown = names.find((name) => ![...sources, ...lakes, ...works, ...kinds].some((known) => known === name));
  if (unknown !== undefined) throw new Error(`--only: ${unknown} is unknown; known are ${[...kinds, ...sources, ...lakes, ...works].join(', ')}`);
  const chosen = <T extends string>(all: readonly T[]): readonly T[] => {
    const named = all.filter((one) => names.includes(one));
    return named.length === 0 ? all : named;
  };
  const absent: string[] = [];
  const there = (name: string, found: boolean): boolean => {
    if (!found) absent.push(`not run: ${name} is not there; npm run test:engines fetches it`);
    return found;
  };
  const usedSources = chosen(sources).filter((source) => (source !== 'elasticmq' || there('ElasticMQ', engines.elasticMq !== null)) && (source !== 'kafka' || there('Kafka', engines.kafka !== null)));
  const usedLakes = chosen(lakes).filter((lake) => lake !== 's3' || there('versitygw or DuckDB\'s httpfs', engines.versityGw !== null && engines.httpfs !== null));
  if (usedSources.length === 0 || usedLakes.length === 0) throw new Error(`nothing is left to run: ${absent.join('; ')}`);
  there('delta-rs', engines.python !== null);
  there('DuckDB\'s Delta extension', engines.delta !== null);
  there('Spark', engines.spark !== null);
  const usedKinds = kinds.filter((kind) => names.includes(kind));
  return { sources: usedSources, lakes: usedLakes, works: chosen(works), kinds: usedKinds.length === 0 ? null : new Set(usedKinds), absent };
}
