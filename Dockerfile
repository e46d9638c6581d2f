# syntax=docker/dockerfile:1
# One image for workers, readers and the gateway; deploy/kubernetes says which command each of them runs.
#   docker build --tag skillforge-streams:0.1.0 .
# The base is named by an exact tag. Where you build, name it by its digest: --build-arg NODE_IMAGE=node:20.20.2-bookworm-slim@sha256:…
ARG NODE_IMAGE=node:20.20.2-bookworm-slim

FROM ${NODE_IMAGE} AS build
# The driver of Kafka is compiled where its compiled part cannot be fetched: a compiler, and the headers of what it is linked with.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates g++ make python3 libssl-dev zlib1g-dev \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
# What changes seldom comes first: a change of the code does not install packages anew.
COPY package.json package-lock.json .npmrc ./
# No script of a package runs but of these three, which choose their compiled part.
RUN npm ci --ignore-scripts && npm rebuild lmdb msgpackr-extract esbuild
COPY . .
# Then what development alone needs goes.
RUN npm run build && npm run kafka:native && npm prune --omit=dev --ignore-scripts

FROM ${NODE_IMAGE} AS image
# What the compiled driver is linked with; zlib and libstdc++ are in the base.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates libssl3 \
  && rm -rf /var/lib/apt/lists/* \
  && groupadd --gid 10001 skillforge \
  && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin skillforge \
  && install --directory --owner=10001 --group=10001 /var/lib/skillforge
# Owned by root: the process reads itself and can change nothing of it.
WORKDIR /app
COPY --from=build /app/package.json /app/README.md /app/LICENSE ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/schemas ./schemas
COPY --from=build /app/reader/page ./reader/page
COPY --from=build /app/models ./models
ENV NODE_ENV=production SKILLFORGE_DATA=/var/lib/skillforge
# A number: Kubernetes cannot tell that a name is not root.
USER 10001:10001
# Views, identities and copies of models; all else may be mounted for reading alone, but for /tmp.
VOLUME ["/var/lib/skillforge"]
WORKDIR /var/lib/skillforge
ENTRYPOINT ["node", "/app/dist/scripts/skillforge.js"]
CMD ["--help"]
