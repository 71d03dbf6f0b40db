# Ingot as one program: `docker run IMAGE run shop --from sqs://… --lake s3://…`. Built from the repository's root.

ARG NODE_IMAGE=node:20-bookworm-slim
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

# What reads S3 for DuckDB, of DuckDB's own version; tasks may have no way to its server of extensions.
FROM ${PYTHON_IMAGE} AS extensions
RUN pip install --no-cache-dir --no-deps --only-binary :all: --target /extensions duckdb-extension-httpfs==1.5.5

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.mjs scripts/
COPY src src
RUN node scripts/build.mjs

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="ingot" \
      org.opencontainers.image.description="A Parquet data-lake writer with a medallion layout" \
      org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production \
    INGOT_DATASETS=/app/datasets \
    INGOT_DUCKDB_EXTENSIONS=/opt/duckdb \
    INGOT_SCRATCH=/scratch \
    TMPDIR=/scratch
# Where work in progress lies: the only place that must be writable, and the user's (the base image's `node`) alone.
RUN install -d -o 1000 -g 1000 -m 0700 /scratch
VOLUME ["/scratch"]
WORKDIR /app
COPY --from=extensions /extensions/duckdb_extension_httpfs/extensions/v1.5.5/httpfs.duckdb_extension /opt/duckdb/
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /build/dist dist
COPY package.json infra/image/health.mjs ./
COPY bin bin
COPY datasets datasets
COPY docs docs
USER 1000:1000
# Ingot heeds SIGTERM itself: it commits the open window and exits with 0.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=10s --start-period=60s --retries=3 CMD ["node", "health.mjs"]
ENTRYPOINT ["node", "bin/ingot.js"]
CMD ["--help"]
