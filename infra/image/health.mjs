// Whether this image's Ingot is at work: its process lives, is not stopped, and has done something since the last look. One
// that follows a source asks it every 20 seconds at least, and one that builds keeps the processor busy, so a process that
// hasn't woken once in a minute hangs.
import { readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('bin/ingot.js', import.meta.url));
const noted = join(tmpdir(), 'ingot-health.json');

/** Of the first process that runs the program: its state, what its threads have used of the processor, and how often its first one slept; null when there is none. */
function atWork() {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).sort((one, other) => one - other);
  for (const pid of pids) {
    try {
      const [executable = '', ...words] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      const folder = readlinkSync(`/proc/${pid}/cwd`);
      if (!/(^|\/)node$/.test(executable) || !words.some((word) => resolve(folder, word) === program)) continue;
      // The name, in parentheses, may have blanks in it.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
      const sleeps = /^voluntary_ctxt_switches:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
      return { pid, state: fields[0] ?? '', done: `${fields[11]} ${fields[12]} ${sleeps}` };
    } catch {
      // It has ended, or is another user's.
    }
  }
  return null;
}

function lastNote() {
  try {
    return JSON.parse(readFileSync(noted, 'utf8'));
  } catch {
    return null;
  }
}

const now = atWork();
const before = lastNote();
if (now !== null) writeFileSync(noted, JSON.stringify(now));
const idle = now !== null && before?.pid === now.pid && before.done === now.done;
process.exitCode = now === null || /[TtXZ]/.test(now.state) || idle ? 1 : 0;
