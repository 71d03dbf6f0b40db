import { LakeError } from '../errors.js';
import type { OffsetGap } from './source.js';

export function gapText({ topic, partition, first, last }: OffsetGap): string {
  return `retention removed offsets ${first} to ${last} of partition ${partition} of ${topic} before they were read (${last - first + 1} offsets)`;
}

/** What is reported of it at the end of a run. @param uri the source's, as it is shown */
export function gapError(gap: OffsetGap, uri: string): LakeError {
  return new LakeError(gapText(gap), { code: 'SOURCE_UNREADABLE', op: 'kafka', path: uri, hint: 'They are nowhere any more; what follows them has landed. Run consumers more often, or raise the topic\'s retention.ms and retention.bytes.' });
}

/** Gaps that the sources of one run have found; one that opens again may find the same. */
export class Gaps {
  private readonly byBeginning = new Map<string, OffsetGap>();

  add(gaps: readonly OffsetGap[]): void {
    for (const gap of gaps) this.byBeginning.set(`${gap.topic} ${gap.partition} ${gap.first}`, gap);
  }

  get list(): OffsetGap[] {
    return [...this.byBeginning.values()];
  }
}
