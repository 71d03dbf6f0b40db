import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemCode } from '../errors.js';
import { stagingRoot } from './layout.js';
import type { Storage } from './storage.js';

/** A staging folder whose owner can't be told is left alone for a week. */
const unknownOwnerMs = 7 * 86_400_000;

/** A process that has put its name to something of the lake. */
export interface Owner {
  /** The machine, since its start, and the container: within one of these a process number means one thing. */
  readonly name: string;
  readonly pid: number;
  readonly sinceMs: number;
}

export function thisProcess(nowMs: number): Owner {
  return { name: owner(), pid: process.pid, sinceMs: Math.trunc(nowMs) };
}

/** Whether an owner is no more. One of another machine can't be told: it is taken for dead after a week. */
export function isGone({ name, pid, sinceMs }: Owner, nowMs: number): boolean {
  return name === owner() ? !isRunning(pid) : nowMs - sinceMs > unknownOwnerMs;
}

/** A new staging folder of this process, relative to the lake's root: its name says whose it is and since when. */
export function newStagingFolder(group: string, nowMs: number): string {
  const { name, pid, sinceMs } = thisProcess(nowMs);
  return `${stagingRoot}/${group}/${name}-${pid}-${sinceMs}-${randomUUID()}`;
}

/** Staging folders of a group that nobody works in any more, relative to the lake's root. */
export async function deadStaging(storage: Storage, group: string, nowMs: number): Promise<string[]> {
  const folder = `${stagingRoot}/${group}`;
  const names = await storage.list(folder);
  return names.filter((name) => isDead(name, nowMs)).map((name) => `${folder}/${name}`);
}

/** Whether nobody works in a staging folder any more. */
export function isDeadStaging(folder: string, nowMs: number): boolean {
  return isDead(folder.slice(folder.lastIndexOf('/') + 1), nowMs);
}

function isDead(name: string, nowMs: number): boolean {
  const match = /^(.+)-(\d+)-(\d+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.exec(name);
  return match !== null && isGone({ name: match[1] ?? '', pid: Number(match[2]), sinceMs: Number(match[3]) }, nowMs);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== 'ESRCH';
  }
}

let known: string | null = null;

/** Within one owner a process number means one thing: a host's name alone may be that of many containers. */
function owner(): string {
  known ??= `${hostname()}-${createHash('sha256').update(`${bootId()} ${pidNamespace()}`).digest('hex').slice(0, 8)}`;
  return known;
}

function bootId(): string {
  return orEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
}

function pidNamespace(): string {
  return orEmpty(() => readlinkSync('/proc/self/ns/pid'));
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
