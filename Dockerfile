# Pulse CRM. The server gets DATABASE_URL and SECRET_KEY when it starts; nothing secret is in the image.
# The embedded PostgreSQL is left out (--omit=optional): data belongs in a server of its own, see docker-compose.yml.

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json codegen.yml prisma.config.ts ./
COPY scripts ./scripts
COPY explorer ./explorer
COPY schema ./schema
COPY prisma ./prisma
COPY src ./src
RUN npm run build

FROM node:24-slim AS modules
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund

FROM node:24-slim
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000
COPY --from=modules /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY schema ./schema
COPY prisma ./prisma
COPY package.json ./
# Everything belongs to root: the server can change nothing of itself. What it may write is the ledger of erasures, on a volume of its own.
RUN install -d -o node -g node /var/lib/pulse-erasures
USER node
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Without a shell in between, SIGTERM reaches node, which lets running requests finish.
CMD ["node", "--enable-source-maps", "dist/src/main.js"]
