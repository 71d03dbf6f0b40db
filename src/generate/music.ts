import { record } from './csv-record.js';
import { sinceMsOf, type GeneratedFile, type GenerateOptions } from './options.js';
import { mix32, Random, zipf } from './random.js';
import { qualities, things } from './words.js';

const genres = ['Rock', 'Pop', 'Electronic', 'Metal', 'Rap', 'Jazz', 'RnB', 'Reggae', 'Folk', 'Latin'];
const artists = ['Los Ríos', 'Ana & Co.', 'The "Quoted"', 'Ñandú', 'Brío', 'Über Alles Gut', 'Río, Mar', 'Sol', 'Casa Luz', 'Nórdica', 'AC+DC', 'L\'Été'];
const header = ['track_id', 'name', 'artist', 'spotify_preview_url', 'spotify_id', 'tags', 'genre', 'year', 'duration_ms', 'danceability', 'energy', 'key', 'loudness', 'mode', 'speechiness', 'acousticness', 'instrumentalness', 'liveness', 'valence', 'tempo', 'time_signature'];

/** A catalogue is so much smaller than what was listened to. */
const playsPerTrack = 20;
/** Of listening whose track the catalogue does not have. */
const strangerShare = 0.01;
const duplicateShare = 0.01;
const brokenShare = 0.002;

/**
 * A music service's two CSV files, a catalogue and exactly `events` rows of listening: duplicates, broken rows, tracks without a genre
 * and listening without a track among them. The same options give the same lines anywhere.
 * @throws LakeError USAGE for options out of range
 */
export function generateMusic(options: GenerateOptions): readonly GeneratedFile[] {
  sinceMsOf(options);
  const tracks = Math.max(10, Math.ceil(options.events / playsPerTrack));
  return [
    { path: 'Music Info.csv', lines: catalogue(tracks, options.seed) },
    { path: 'User Listening History.csv', lines: history(tracks, options) },
  ];
}

function* catalogue(tracks: number, seed: number): Generator<string, void, undefined> {
  const random = new Random(seed);
  yield record(header);
  for (let rank = 0; rank < tracks; rank += 1) {
    const track = record(trackOf(rank, random));
    yield track;
    if (random.chance(duplicateShare)) yield track;
  }
}

function trackOf(rank: number, random: Random): string[] {
  const unit = (): string => random.unit().toFixed(3);
  return [
    trackId(rank), `${random.pick(things)} ${random.pick(qualities)}`, artists[mix32(rank) % artists.length] ?? '', '', `sp${rank}`, random.chance(0.7) ? 'rock, indie' : '',
    random.chance(0.45) ? random.pick(genres) : '', String(1960 + random.below(64)), String(30_000 + random.below(600_000)),
    unit(), unit(), String(random.below(12)), (-random.unit() * 40).toFixed(3), String(random.below(2)), unit(), random.chance(0.1) ? '8.07e-05' : unit(), unit(), unit(), unit(), (60 + random.unit() * 140).toFixed(3), random.chance(0.9) ? '4' : '3',
  ];
}

function* history(tracks: number, { events, seed }: GenerateOptions): Generator<string, void, undefined> {
  const random = new Random(seed + 1);
  const popular = zipf(tracks, 10);
  const users = Math.max(3, Math.ceil(events / 15));
  yield record(['track_id', 'user_id', 'playcount']);
  let last: string | null = null;
  for (let made = 0; made < events; made += 1) {
    const rank = random.chance(strangerShare) ? tracks + random.below(100) : popular.draw(random);
    const plays = 1 + Math.floor(random.unit() * random.unit() * random.unit() * 50);
    const line: string = last !== null && random.chance(duplicateShare) ? last : record([trackId(rank), userId(random.below(users)), random.chance(brokenShare) ? 'many' : String(plays)]);
    yield line;
    last = line;
  }
}

function trackId(rank: number): string {
  return `TR${mix32(rank).toString(36).toUpperCase().padStart(7, '0')}`;
}

function userId(rank: number): string {
  return `${mix32(rank).toString(16).padStart(8, '0')}${mix32(rank ^ 0x5bd1_e995).toString(16).padStart(8, '0')}`;
}
