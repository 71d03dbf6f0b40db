import { defineDatasets, integer, number, text } from 'ingot';

const nulls = ['', 'NULL', 'null', 'nan', 'NaN'];

/**
 * A music service, from CSV files of two kinds, told apart by their names: the catalogue (`Music Info.csv`) gives `track`, what users
 * have played (`User Listening History.csv`) gives `listening`.
 *
 * - Time: neither has one. All rows of a kind are one partition (event_date 1970-01-01), so a row that comes again, in whichever file
 *   and whenever, is a duplicate and counts once.
 * - A track_id that comes again with other values is another row of `track`: gold takes the one received last.
 * - Rows of `listening` with the same track and user and another playcount are added up.
 * - Rejected: no track_id, no user_id, no playcount or one that is no whole number. Listening of a track that the catalogue does not
 *   have is kept: gold counts it, without a name.
 */
export default defineDatasets(
  {
    name: 'music_track',
    version: 1,
    files: ['*music*info*', '*track*'],
    time: { none: true },
    nulls,
    event: {
      table: 'track',
      columns: {
        track_id: text({ required: true }),
        name: text(),
        artist: text(),
        genre: text(),
        tags: text(),
        year: integer(),
        duration_ms: integer(),
        danceability: number(),
        energy: number(),
        key: integer(),
        loudness: number(),
        mode: integer(),
        speechiness: number(),
        acousticness: number(),
        instrumentalness: number(),
        liveness: number(),
        valence: number(),
        tempo: number(),
        time_signature: integer(),
        spotify_id: text(),
        spotify_preview_url: text(),
      },
    },
  },
  {
    name: 'music_listening',
    version: 1,
    files: ['*listening*'],
    time: { none: true },
    nulls,
    person: 'user_id',
    event: {
      table: 'listening',
      columns: {
        track_id: text({ required: true }),
        user_id: text({ required: true }),
        playcount: integer({ required: true }),
      },
    },
  },
);
