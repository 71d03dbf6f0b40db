#!/usr/bin/env bash
# What must pass of the cloud's code, offline but for packages: types, lint, tests, templates and the image's recipe.
# The repository's own packages must be there (`npm ci` in the folder above).
set -euo pipefail
cd "$(dirname "$0")"

npm ci --ignore-scripts
npm run types
npm run lint
npm test

synthesized=$(mktemp -d)
trap 'rm -rf "$synthesized"' EXIT
npm run synth -- "$synthesized"
(cd .. && npx tsx scripts/infra-lint.ts "$synthesized")
