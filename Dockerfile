# Node runs the TypeScript as it is: there is no build step, only a clean install of what production needs.
FROM node:26-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# No package needs its install script, so none runs. The optional packages are Node itself and a database for development.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:26-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY migrations migrations
COPY src src
USER node
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 8000}/health`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# The exec form makes Node process 1, so that it receives SIGTERM itself and finishes what it has begun.
CMD ["node", "--enable-source-maps", "src/server.ts"]
