import type { Clock } from '../clock.js';

/** What is going on, on stderr: one line that is rewritten on a terminal, else a line every ten seconds. */
export interface Progress {
  /** Says how far the work is; shown now and then. */
  update(text: string): void;
  /** Says something once: a warning, a step done. */
  note(text: string): void;
  /** Ends the rewritten line. */
  end(): void;
}

const terminalEveryMs = 100;
const logEveryMs = 10_000;

export class StderrProgress implements Progress {
  private shownAtMs: number;
  private open = false;

  constructor(
    private readonly stream: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number },
    private readonly clock: Clock,
  ) {
    this.shownAtMs = clock.nowMs() - (this.terminal ? terminalEveryMs : 0);
  }

  private get terminal(): boolean {
    return this.stream.isTTY === true;
  }

  update(text: string): void {
    const nowMs = this.clock.nowMs();
    if (nowMs - this.shownAtMs < (this.terminal ? terminalEveryMs : logEveryMs)) return;
    this.shownAtMs = nowMs;
    if (!this.terminal) {
      this.stream.write(`${text}\n`);
      return;
    }
    this.stream.write(`\r\x1b[2K${text.slice(0, (this.stream.columns ?? 80) - 1)}`);
    this.open = true;
  }

  note(text: string): void {
    this.end();
    this.stream.write(`${text}\n`);
  }

  end(): void {
    if (this.open) this.stream.write('\r\x1b[2K');
    this.open = false;
  }
}

/** For the library and for tests. */
export const silentProgress: Progress = { update: () => undefined, note: () => undefined, end: () => undefined };
